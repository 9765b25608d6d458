// `moca launch`: the ranks of one machine, started, watched, ended and started again.

import Foundation
import MoCaSystem
import Synchronization
import Torch

/// Starts several processes of one program on this machine, and ends all when one fails.
///
/// The launcher serves the store in which the processes meet, on a port that the system selects, so
/// that no process races for a free port and the store outlives every rank. Each start has a store of
/// its own: nothing of a failed start is left in it.
///
/// ```swift
/// let launcher = RankLauncher(settings) { line in Message.write(line) }
/// let signals = LaunchSignals { launcher.passOn($0) }
/// let outcome = try launcher.run(resetting: signals.numbers)
/// ```
package final class RankLauncher: Sendable {
    /// What happened to the launcher or to one of its processes.
    private enum Event {
        case ended(rank: Int, RankEnd)
        case signal(Int32)
    }

    /// The result of a launch.
    package struct Outcome: Sendable, Hashable {
        /// The first failure of the last start; nil if every rank ended with status 0.
        package var failure: RankFailure?
        /// How often the ranks were started again.
        package var restartCount: Int
        /// Whether the launcher received a signal to end.
        package var wasInterrupted: Bool

        /// The exit status of the first rank that failed; 128 and the number of a signal.
        package var status: Int32 { failure?.end.status ?? 0 }

        /// A line about the failure; nil if there is none, or if somebody wanted the end.
        package var message: String? {
            guard let failure, !wasInterrupted, !failure.end.isInterruption else { return nil }
            return "\(failure.text); \(failure.end.hint)"
        }
    }

    /// The time for the last lines of a rank after its end.
    private static let outputTime = Duration.seconds(2)
    /// The number of signals after which the ranks are killed.
    private static let patience = 3

    private let settings: LaunchSettings
    private let serve: @Sendable () throws -> ServedStore
    private let write: @Sendable (String) -> Void
    private let events = BoundedQueue<Event>()
    private let signalCount = Mutex(0)

    /// - Parameters:
    ///   - serve: opens a store for one start of the ranks.
    ///   - write: receives the launcher's messages, and the lines of all ranks but 0, which begin
    ///     with the rank's number; called from several threads.
    package init(
        _ settings: LaunchSettings,
        serve: @escaping @Sendable () throws -> ServedStore = { try ServedStore.loopback() },
        write: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.serve = serve
        self.write = write
    }

    /// Passes a signal on to all ranks; the third one kills them.
    package func passOn(_ signal: Int32) { events.append(.signal(signal)) }

    /// Starts the ranks and waits for their end; blocks the calling thread.
    ///
    /// After a failure that another start may avoid, all ranks are started again, at most
    /// `restartCountMax` times.
    ///
    /// - Parameter signals: the signals that this process handles, which get their default actions
    ///   in the ranks.
    /// - Throws: `LaunchError`, `RankError`.
    package func run(resetting signals: [Int32] = []) throws -> Outcome {
        var restartCount = 0
        while true {
            let failure = try runOnce(restart: restartCount, resetting: signals)
            recordLateSignals()
            let isInterrupted = signalCount.withLock { $0 > 0 }
            guard let failure, failure.end.isWorthRestarting, !isInterrupted,
                restartCount < settings.restartCountMax
            else {
                return Outcome(
                    failure: failure, restartCount: restartCount, wasInterrupted: isInterrupted)
            }
            restartCount += 1
            write("restart \(restartCount) of \(settings.restartCountMax): \(failure.text)")
        }
    }

    /// Starts all ranks once.
    ///
    /// - Returns: the failure that ended them; nil if there was none.
    private func runOnce(restart: Int, resetting signals: [Int32]) throws -> RankFailure? {
        let store = try serve()
        let processes = try start(restart: restart, port: store.port, resetting: signals)
        for process in processes {
            process.whenEnded { [events] end in
                events.append(.ended(rank: process.rank, end))
            }
        }
        var attempt = LaunchAttempt(processCount: settings.processCount, grace: settings.grace)
        while !attempt.running.isEmpty {
            switch events.next(unless: { attempt.isDue(at: .now) }) {
            case .ended(let rank, let end): attempt.record(end, of: rank, at: .now)
            case .signal(let signal):
                attempt.recordSignal()
                let isLast = countSignal() >= Self.patience
                for process in processes { process.send(isLast ? SIGKILL : Self.passed(signal)) }
            case nil: break
            }
            while let action = attempt.nextAction(at: .now) {
                for process in processes { process.send(action == .kill ? SIGKILL : SIGTERM) }
            }
        }
        for process in processes { process.finishOutput(atMost: Self.outputTime) }
        withExtendedLifetime(store) {}
        return attempt.cause
    }

    /// Starts the processes; if one cannot be started, the others are killed.
    private func start(
        restart: Int, port: Int, resetting signals: [Int32]
    ) throws(LaunchError) -> [RankProcess] {
        let program = RankProcess.Program(
            path: settings.program.path, arguments: settings.arguments, signals: signals)
        var processes: [RankProcess] = []
        do throws(LaunchError) {
            for rank in 0..<settings.processCount {
                let environment = settings.environment(
                    rank: rank, restart: restart, port: port, processorCount: processorCount)
                processes.append(
                    try RankProcess(
                        rank: rank, program, environment: environment,
                        onLine: rank == 0 ? nil : write))
            }
            return processes
        } catch {
            for process in processes { process.send(SIGKILL) }
            for process in processes { _ = process.wait() }
            throw error
        }
    }

    /// Whoever closes the terminal of a single process ends it without a chance to save; ranks have
    /// that chance.
    private static func passed(_ signal: Int32) -> Int32 { signal == SIGHUP ? SIGTERM : signal }

    private func countSignal() -> Int {
        signalCount.withLock { count in
            count += 1
            return count
        }
    }

    /// Counts signals that arrived after the last rank had ended.
    private func recordLateSignals() {
        while let event = events.next(unless: { true }) {
            if case .signal = event { _ = countSignal() }
        }
    }
}

/// The store in which the processes of one start meet, served as long as this value lives.
package struct ServedStore: Sendable {
    /// The port that the store is served on.
    package let port: Int
    private let store: any Sendable

    /// - Parameter store: the object that serves.
    package init(port: Int, keeping store: any Sendable) {
        self.port = port
        self.store = store
    }

    /// Serves a store on the loopback address, on a port that the system selects.
    ///
    /// - Throws: `RankError`.
    package static func loopback() throws -> ServedStore {
        let store = try RankStore(
            .init(host: LaunchSettings.address, port: 0), serves: true, timeout: .seconds(60))
        return ServedStore(port: store.address?.port ?? 0, keeping: store)
    }
}
