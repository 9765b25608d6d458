// How far a command is: a line that is drawn anew on a terminal, a line now and then in a log.

import Foundation
import MoCaCore
import Synchronization

/// Items done, items a second, and when it will be over, on standard error.
final class ProgressBar: Sendable {
    /// What is counted.
    enum Unit {
        case items
        case bytes
    }

    private static let width = 24
    /// Between two drawings of the line on a terminal.
    private static let secondsBetween = 0.1
    /// Between two lines in a log.
    private static let secondsBetweenLines = 10.0

    private struct State {
        var done = 0
        /// Done before the first second: those of a run that is continued.
        var base: Int?
        var drawn: ContinuousClock.Instant?
    }

    private let total: Int?
    private let unit: Unit
    private let isTerminal = ProgressBar.isShown
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// - Parameter total: nil where it is not known.
    init(total: Int?, unit: Unit = .items) {
        (self.total, self.unit) = (total, unit)
    }

    /// Whether standard error is a terminal.
    static var isShown: Bool { isatty(STDERR_FILENO) == 1 }

    /// Counts more items as done. The first call says how many an earlier run had done.
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

    /// Ends the line; a log in which no line was written yet gets none.
    func finish() {
        let (done, base, isDrawn) = state.withLock { ($0.done, $0.base ?? 0, $0.drawn != nil) }
        guard isTerminal || isDrawn else { return }
        let seconds = (ContinuousClock.now - start).seconds
        draw(text(done: done, sinceStart: done - base, seconds: seconds))
        if isTerminal { FileHandle.standardError.write(Data("\n".utf8)) }
    }

    /// `[=====>   ] 512/2048  83.2 items/s  ETA 0:18`.
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
        // Return to the line's start, and clear what stood there.
        FileHandle.standardError.write(Data("\r\u{1b}[K\(line)".utf8))
    }
}
