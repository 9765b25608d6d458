// SIGINT and SIGTERM: the first requests a clean stop where a command supports it, the second ends
// it.

import Foundation
import MoCaCore
import MoCaRanks
import Synchronization

/// Records the first signal.
final class Interruption: Sendable {
    private struct State {
        var hasHappened = false
        /// The message printed if a signal ends the program at once.
        var early: String?
    }

    /// The time in which signals count as one if a launcher passes signals on to this process: it
    /// may then receive the same one from the launcher and from a scheduler.
    private static let secondsOfOneSignal = 1.0

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "moca.signals")
    private let isPassedOn = LauncherWatch.passesSignalsOn(ProcessInfo.processInfo.environment)
    // Created once and never modified; the sources live as long as this object.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// - Parameter early: the message for a signal that arrives before there is anything to save,
    ///   and that ends the program at once; nil = signals are only recorded.
    init(early: String? = nil) {
        state = Mutex(State(early: early))
        let queue = queue
        sources = [SIGINT, SIGTERM].map { number in
            // Disables the default action, which would run first.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.happen() }
            source.resume()
        }
    }

    /// From now on, the first signal is only recorded, because there is something to save.
    func waitsForCommand() { state.withLock { $0.early = nil } }

    private static let recorded = Mutex(false)

    /// Whether a signal has arrived that any object has recorded.
    static var anyHasHappened: Bool { recorded.withLock { $0 } }

    /// Whether a signal has arrived.
    var hasHappened: Bool { state.withLock { $0.hasHappened } }

    private func happen() {
        state.withLock { state in
            if let message = state.early {
                Message.write(message)
                // Open files need no cleanup: outputs are complete or absent.
                _exit(FailureKind.interrupted.rawValue)
            }
            state.hasHappened = true
        }
        Self.recorded.withLock { $0 = true }
        guard isPassedOn else { return Self.restoreDefaults() }
        queue.asyncAfter(deadline: .now() + Self.secondsOfOneSignal) { Self.restoreDefaults() }
    }

    /// From now on, a signal of either kind ends the program by the default action.
    private static func restoreDefaults() {
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
