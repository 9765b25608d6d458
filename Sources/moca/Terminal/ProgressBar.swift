// Progress of a command: a line that is redrawn on a terminal, or an occasional line in a log.

import Foundation
import MoCaCore
import Synchronization

/// Shows items done, items per second, and the remaining time on standard error.
final class ProgressBar: Sendable {
    /// The unit of the count.
    enum Unit {
        case items
        case bytes
    }

    private static let width = 24
    /// The minimum interval between redraws on a terminal.
    private static let secondsBetween = 0.1
    /// The minimum interval between lines in a log.
    private static let secondsBetweenLines = 10.0

    private struct State {
        var done = 0
        /// The count of the first call, which an earlier run may have done; excluded from the
        /// speed.
        var base: Int?
        var drawn: ContinuousClock.Instant?
    }

    private let total: Int?
    private let unit: Unit
    private let isTerminal = ProgressBar.isShown
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// - Parameter total: the number of items; nil if unknown.
    init(total: Int?, unit: Unit = .items) {
        (self.total, self.unit) = (total, unit)
    }

    /// Whether standard error is a terminal.
    static var isShown: Bool { isatty(STDERR_FILENO) == 1 }

    /// Counts more items as done. The first call passes the number that an earlier run had done.
    func add(_ count: Int) {
        let now = ContinuousClock.now
        let line = state.withLock { state -> String? in
            state.done += count
            if state.base == nil { state.base = state.done }
            guard isDue(now, after: state.drawn) else { return nil }
            state.drawn = now
            return text(
                done: state.done, sinceStart: state.done - (state.base ?? 0),
                seconds: (now - start).seconds)
        }
        if let line { draw(line) }
    }

    private func isDue(
        _ now: ContinuousClock.Instant, after drawn: ContinuousClock.Instant?
    ) -> Bool {
        guard !isTerminal else {
            return drawn.map { (now - $0).seconds >= Self.secondsBetween } ?? true
        }
        return (now - (drawn ?? start)).seconds >= Self.secondsBetweenLines
    }

    /// Ends the line; writes nothing to a log without a previous line.
    func finish() {
        let (done, base, isDrawn) = state.withLock { ($0.done, $0.base ?? 0, $0.drawn != nil) }
        guard isTerminal || isDrawn else { return }
        let seconds = (ContinuousClock.now - start).seconds
        draw(text(done: done, sinceStart: done - base, seconds: seconds))
        if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
    }

    /// The text of the bar, such as `[=====>   ] 512/2048  83.2 items/s  ETA 0:18`.
    func text(done: Int, sinceStart: Int, seconds: Double) -> String {
        let rate = seconds > 0 ? Double(sinceStart) / seconds : 0
        let isBytes = unit == .bytes
        let speed =
            isBytes
            ? NumberText.byteSize(Int(rate)) + "/s"
            : NumberText.decimal(rate, digits: 1) + " items/s"
        let count = isBytes ? NumberText.byteSize(done) : "\(done)"
        guard let total, total > 0 else {
            return isBytes ? "\(count)  \(speed)" : "\(count) items  \(speed)"
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
