// SIGINT and SIGTERM: the first asks a command to stop where it can go on later, the second ends it.

import Foundation
import Synchronization

/// Notes the first signal.
final class Interruption: Sendable {
    private let flag = Mutex(false)
    // Made once, and never touched again: they live as long as this does.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "moca.signals")
        sources = [SIGINT, SIGTERM].map { number in
            // Without this, the default action would come first.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setEventHandler { [weak self] in
                self?.flag.withLock { $0 = true }
                signal(number, SIG_DFL)
            }
            source.resume()
        }
    }

    /// Whether a signal came.
    var hasHappened: Bool { flag.withLock { $0 } }
}
