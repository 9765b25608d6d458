// Progress of a command: a line that is redrawn on a terminal, or an occasional line in a log.

import Foundation
import MoCaCore
import Synchronization

/// Shows items done, items per second, and the remaining time on standard error.
final class ProgressBar: Sendable {
    private static let width = 24
    /// The minimum interval between redraws on a terminal.
    private static let secondsBetween = 0.1
    /// The minimum interval between lines in a log.
    private static let secondsBetweenLines = 10.0

    /// A task, and what was drawn of it.
    private struct Shown {
        var progress: WorkProgress
        /// The completed count at the start, which an earlier run may have done; excluded from the
        /// speed.
        let base: Int
        let start: ContinuousClock.Instant
        var drawn: ContinuousClock.Instant?
    }

    private let isTerminal = ProgressBar.isShown
    private let showsInLogs: Bool
    private let shown = Mutex<Shown?>(nil)

    /// - Parameter showsInLogs: whether lines are also written if standard error is not a terminal.
    init(showsInLogs: Bool = false) {
        self.showsInLogs = showsInLogs
    }

    /// Whether standard error is a terminal.
    static var isShown: Bool { isatty(STDERR_FILENO) == 1 }

    /// Shows the progress of a task, in a line of its own; notes are written in any case.
    func show(_ progress: WorkProgress) {
        if let note = progress.note {
            return Message.write((isTerminal ? "\r\u{1b}[K" : "") + note)
        }
        guard isTerminal || showsInLogs else { return }
        let now = ContinuousClock.now
        shown.withLock { shown in
            var next = shown ?? Shown(progress: progress, base: progress.completed, start: now)
            if progress.task != next.progress.task {
                end(next)
                next = Shown(progress: progress, base: progress.completed, start: now)
            }
            next.progress = progress
            if progress.total != 0, isDue(now, next) {
                next.drawn = now
                draw(text(next, at: now))
            }
            shown = next
        }
    }

    /// Ends the line; writes nothing to a log without a previous line.
    func finish() {
        shown.withLock { shown in
            if let shown { end(shown) }
            shown = nil
        }
    }

    private func isDue(_ now: ContinuousClock.Instant, _ shown: Shown) -> Bool {
        guard !isTerminal else {
            return shown.drawn.map { (now - $0).seconds >= Self.secondsBetween } ?? true
        }
        return (now - (shown.drawn ?? shown.start)).seconds >= Self.secondsBetweenLines
    }

    private func end(_ shown: Shown) {
        guard shown.progress.total != 0, isTerminal || shown.drawn != nil else { return }
        draw(text(shown, at: ContinuousClock.now))
        if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
    }

    /// The text of the bar, such as `[=====>   ] 512/2048  83.2 items/s  ETA 0:18`.
    private func text(_ shown: Shown, at now: ContinuousClock.Instant) -> String {
        let (progress, done) = (shown.progress, shown.progress.completed)
        let seconds = (now - shown.start).seconds
        let rate = seconds > 0 ? Double(done - shown.base) / seconds : 0
        let isBytes = progress.unit == .bytes
        let speed =
            isBytes
            ? NumberText.byteSize(Int(rate)) + "/s"
            : NumberText.decimal(rate, digits: 1) + " items/s"
        let count = isBytes ? NumberText.byteSize(done) : "\(done)"
        guard let total = progress.total, total > 0 else {
            return isBytes ? "\(count)  \(speed)" : "\(NumberText.counted(done, "item"))  \(speed)"
        }
        let all = isBytes ? NumberText.byteSize(total) : "\(total)"
        let filled = max(0, min(Self.width, Self.width * done / total))
        let bar =
            String(repeating: "=", count: filled)
            + String(repeating: " ", count: Self.width - filled)
        guard rate > 0 else { return "[\(bar)] \(count)/\(all)" }
        let left = Int(Double(max(0, total - done)) / rate)
        let time = String(format: "%d:%02d", left / 60, left % 60)
        return "[\(bar)] \(count)/\(all)  \(speed)  ETA \(time)"
    }

    private func draw(_ line: String) {
        guard isTerminal else { return Message.write(line) }
        // Return to the start of the line, and clear it.
        FileHandle.standardError.write(Data("\r\u{1b}[K\(line)".utf8))
    }
}
