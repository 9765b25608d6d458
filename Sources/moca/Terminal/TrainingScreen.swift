// The output of a training run: lines, and a bar below them on a terminal.

import Foundation
import MoCaCore
import MoCaRunLog

/// Prints scrolling lines above a bar that is updated at every step.
final class TrainingScreen {
    private static let width = 20
    private static let secondsBetween = 0.1

    private let totalSteps: Int
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let now: () -> ContinuousClock.Instant
    private var bar = ""
    private var drawn: ContinuousClock.Instant?
    private var last: MetricsRow?
    /// The first step of this process and its time; steps of earlier processes do not affect the
    /// speed.
    private var first: (step: Int, time: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - isTerminal: whether the bar is shown.
    ///   - write: receives text for standard error.
    init(
        totalSteps: Int, isTerminal: Bool = ProgressBar.isShown,
        now: @escaping () -> ContinuousClock.Instant = { ContinuousClock.now },
        write: @escaping (String) -> Void = {
            FileHandle.standardError.write(Data($0.utf8))
        }
    ) {
        (self.totalSteps, self.isTerminal) = (totalSteps, isTerminal)
        (self.now, self.write) = (now, write)
    }

    /// Prints a line above the bar.
    func say(_ line: String) {
        guard isTerminal else { return write(line + "\n") }
        write("\r\u{1b}[K\(line)\n\(bar)")
    }

    /// Shows the figures of a logged step in the bar from now on.
    func show(_ row: MetricsRow) {
        last = row
        drawn = nil
        advance(row.step)
    }

    /// Updates the bar after a step.
    func advance(_ step: Int) {
        let now = now()
        if first == nil { first = (step, now) }
        guard isTerminal else { return }
        if let drawn, (now - drawn).seconds < Self.secondsBetween, step < totalSteps { return }
        drawn = now
        // A longer line would wrap, and its first part would remain on the screen.
        bar = String(text(step: step, at: now).prefix(Self.columns - 1))
        write("\r\u{1b}[K\(bar)")
    }

    /// Ends the bar's line.
    func close() {
        guard isTerminal, !bar.isEmpty else { return }
        write("\n")
        bar = ""
    }

    /// `[=====>    ] 120/500  loss 1.234  lr 1.0e-04  norm 2.1  910 tokens/s  3.20 GB  ETA 1:05`.
    private func text(step: Int, at now: ContinuousClock.Instant) -> String {
        let filled = min(Self.width, Self.width * step / max(1, totalSteps))
        let done = String(repeating: "=", count: filled)
        let left = String(repeating: " ", count: Self.width - filled)
        var parts = ["[\(done)\(left)] \(step)/\(totalSteps)"]
        if let last {
            parts += [
                "loss \(NumberText.decimal(last.loss, digits: 4))",
                "lr \(String(format: "%.1e", last.learningRate))",
                "norm \(NumberText.decimal(last.gradientNorm, digits: 1))",
                "\(NumberText.decimal(last.tokensPerSecond, digits: 0)) tokens/s",
            ]
            if last.mfu > 0 { parts.append("mfu \(NumberText.decimal(last.mfu, digits: 2))") }
            parts.append("\(NumberText.decimal(Double(last.memoryBytes) / 1e9)) GB")
        }
        if let first, step > first.step {
            let seconds = (now - first.time).seconds / Double(step - first.step)
            parts.append("ETA \(Self.clock(Double(totalSteps - step) * seconds))")
        }
        return parts.joined(separator: "  ")
    }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e7).rounded())
        let rest = String(format: "%02d:%02d", whole % 3600 / 60, whole % 60)
        return whole < 3600 ? rest : "\(whole / 3600):\(rest)"
    }

    /// The number of columns of the terminal.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else {
            return 200
        }
        return Int(size.ws_col)
    }
}
