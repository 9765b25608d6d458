// A run in sentences: its progress, its losses, and warnings.

import Foundation
import MoCaCore
import MoCaRunLog
import MoCaTraining

extension RunFolder {
    /// The run in sentences; warnings come last.
    package var story: [RunSentence] {
        let facts = [end, learning, processes].compactMap { $0 } + evaluations + interruptions
        return facts.filter { !$0.isWarning } + facts.filter(\.isWarning) + warnings
    }

    // MARK: What happened

    private var totalSteps: Int? { setting("schedule.total_steps").flatMap { Int($0) } }

    private var end: RunSentence {
        let of = totalSteps.map { " of \($0)" } ?? ""
        // Every event after an error is logged after it.
        if let stop = events.last, stop.kind == .stopped {
            return RunSentence(
                "\(name) ended with an error at step \(stop.step)\(of): \(stop.text ?? "").",
                isWarning: true)
        }
        if let totalSteps, lastStep >= totalSteps {
            return RunSentence("\(name) finished: all \(totalSteps) steps are done.")
        }
        if let last = events.last, last.kind == .interrupted {
            return RunSentence(
                "\(name) was stopped by a signal at step \(last.step)\(of), and can go on.")
        }
        let rest = totalSteps == nil ? "" : "; it is still running, or was killed"
        return RunSentence("\(name) has logged step \(lastStep)\(of)\(rest).")
    }

    /// The first loss, the mean of the last tenth, and the minimum.
    private var learning: RunSentence? {
        let points = points(\.loss)
        guard let first = points.first, let end = endLoss,
            let least = points.min(by: { $0.value < $1.value })
        else { return nil }
        var text =
            "Its loss went from \(first.value.short) to \(end.short)"
            + (points.count >= 10 ? " (mean of the last tenth)" : "")
            + "; the lowest was \(least.value.short) at step \(least.step)."
        if let count = candidateCount {
            text += " Guessing costs ln \(count.fixed(0)) = \(log(count).short)."
        }
        let isRising = points.count >= 20 && end > least.value * 1.3
        return RunSentence(
            isRising ? text + " It rose again: compare the evaluations." : text,
            isWarning: isRising)
    }

    /// The number of processes, and how long they waited for each other; nil for one.
    private var processes: RunSentence? {
        guard let count = metrics.rows.last?.worldSize,
            let share = Self.mean(points(\.rankWaitShare))
        else { return nil }
        return RunSentence(
            "It ran as \(count) processes, which spent \((100 * share).fixed(0)) % of the time in "
                + "exchanges, waiting for slower ones included.")
    }

    private var evaluations: [RunSentence] {
        metrics.quantities.compactMap { quantity in
            guard case .score(let name) = quantity else { return nil }
            let points = (metrics.curve(quantity, as: name)?.points ?? []).filter(\.value.isFinite)
            guard let last = points.last, let best = points.max(by: { $0.value < $1.value })
            else { return nil }
            return RunSentence(
                "\(name) is \(last.value.short) at step "
                    + "\(last.step); the highest was \(best.value.short) at step \(best.step).")
        }
    }

    private var interruptions: [RunSentence] {
        let resumes = events.filter { $0.kind == .resumed }.map { "\($0.step)" }
        guard !resumes.isEmpty else { return [] }
        let places =
            resumes.count == 1 ? "once, at step" : "\(resumes.count) times, at steps"
        return [
            RunSentence(
                "It went on from a checkpoint \(places) \(resumes.joined(separator: ", ")).")
        ]
    }

    // MARK: What to look at

    private var warnings: [RunSentence] {
        let found = [
            warning(of: .collapse, "Embeddings collapsed"),
            warning(of: .lossSpike, "The loss jumped"),
            warning(of: .notFinite, "Steps were left out"),
            warning(of: .nothingLearned, "Steps taught the model nothing"),
            warning(of: .straggler, "Processes waited for a slower one"), waiting, filling,
            quarantined, falseNegatives,
        ]
        return found.compactMap { $0 }
    }

    private func warning(of kind: RunEvent.Kind, _ what: String) -> RunSentence? {
        let found = events.filter { $0.kind == kind }
        guard let first = found.first, let last = found.last else { return nil }
        let times = found.count == 1 ? "once" : "\(found.count) times"
        let place =
            first.step == last.step
            ? "at step \(first.step)" : "between steps \(first.step) and \(last.step)"
        let text = last.text.map { ": \($0)" } ?? ""
        return RunSentence("\(what) \(times), \(place)\(text).", isWarning: true)
    }

    /// The fraction of time spent waiting for data above which the report warns.
    private static let waitingShareMax = 0.15
    private static let fillMin = 0.8
    private static let falseNegativeMax = 0.2
    private static let accuracyMin = 0.5

    private var waiting: RunSentence? {
        var tokenCount = 0
        var (waited, seconds) = (0.0, 0.0)
        for row in metrics.rows where row.dataWaitSeconds.isFinite && row.tokensPerSecond > 0 {
            seconds += Double(row.tokenCount - tokenCount) / row.tokensPerSecond
            waited += row.dataWaitSeconds
            tokenCount = row.tokenCount
        }
        guard seconds > 0, waited / seconds > Self.waitingShareMax else { return nil }
        return RunSentence(
            "Steps waited for their data \((100 * waited / seconds).fixed(0)) % of the time: more "
                + "runtime.data_workers, or a larger runtime.prefetch, may help.",
            isWarning: true)
    }

    private var filling: RunSentence? {
        // In fine-tuning, a microbatch that is not full wastes nothing.
        guard stage == .pretrain, let mean = Self.mean(points(\.packingFill)),
            mean < Self.fillMin
        else { return nil }
        return RunSentence(
            "Batches used \((100 * mean).fixed(0)) % of their budget: a larger batch.tokens wastes "
                + "less.", isWarning: true)
    }

    private var quarantined: RunSentence? {
        guard let count = metrics.rows.last?.quarantinedCount, count > 0 else { return nil }
        return RunSentence(
            "\(NumberText.counted(count, "record")) failed and "
                + "\(count == 1 ? "was" : "were") left out: see \(RunLogFile.quarantine).",
            isWarning: true)
    }

    private var falseNegatives: RunSentence? {
        let last = Dictionary(
            // If the accuracy is low, false negatives cannot be judged.
            health.map { row in
                let isGood = row.accuracy >= Self.accuracyMin
                return (row.task, isGood ? row.falseNegativeRate : 0)
            }, uniquingKeysWith: { $1 }
        ).filter { $0.value > Self.falseNegativeMax }.sorted { $0.key < $1.key }
        guard !last.isEmpty else { return nil }
        let names = last.map { "\($0.key) (\((100 * $0.value).fixed(0)) % of queries)" }
        return RunSentence(
            "Negatives are far above the positive in \(names.joined(separator: ", ")): they may "
                + "be right answers.", isWarning: true)
    }
}
