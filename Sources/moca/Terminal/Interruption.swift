// SIGINT and SIGTERM: the first asks a command to stop where it can go on later, the second ends it.

import Foundation
import MoCaCore
import Synchronization

/// Notes the first signal.
final class Interruption: Sendable {
    private struct State {
        var hasHappened = false
        /// What is said when a signal ends the program at once.
        var early: String?
    }

    private let state: Mutex<State>
    // Made once, and never touched again: they live as long as this does.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// - Parameter early: what to say when a signal comes while there is nothing to save yet, which
    ///   ends the program at once; nil never does that.
    init(early: String? = nil) {
        state = Mutex(State(early: early))
        let queue = DispatchQueue(label: "moca.signals")
        sources = [SIGINT, SIGTERM].map { number in
            // Without this, the default action would come first.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.happen() }
            source.resume()
        }
    }

    /// From here on, the first signal is only noted: there is something to save.
    func waitsForCommand() { state.withLock { $0.early = nil } }

    /// Whether a signal came.
    var hasHappened: Bool { state.withLock { $0.hasHappened } }

    private func happen() {
        state.withLock { state in
            if let message = state.early {
                Message.write(message)
                // Nothing waits for what the program has open: files are complete or absent.
                _exit(FailureKind.interrupted.rawValue)
            }
            state.hasHappened = true
        }
        // A second signal of either kind ends the program, as if nobody had asked for signals.
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
