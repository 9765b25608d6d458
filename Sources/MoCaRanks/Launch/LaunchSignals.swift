// The signals that a launcher passes on.

import Foundation

/// Hands SIGINT, SIGTERM and SIGHUP of this process to a closure instead of ending it.
///
/// SIGHUP stays ignored if it was, as under nohup.
package final class LaunchSignals: Sendable {
    /// The signals that are handed over.
    package let numbers: [Int32]
    // Created once and never modified; the sources live as long as this object.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// - Parameter report: receives the number of each signal, one call at a time.
    package init(_ report: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "moca.launch-signals")
        // Disables the default action, which would run first.
        numbers = [SIGINT, SIGTERM, SIGHUP].filter { number in
            let earlier = signal(number, SIG_IGN)
            return number != SIGHUP || !LaunchSignals.isIgnoring(earlier)
        }
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { report(number) }
            return source
        }
        for source in sources { source.resume() }
    }

    /// Restores the default actions.
    package func stop() {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }

    /// Whether `signal` returned SIG_IGN, which is a number in the place of a function.
    private static func isIgnoring(_ handler: (@convention(c) (Int32) -> Void)?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == 1
    }
}
