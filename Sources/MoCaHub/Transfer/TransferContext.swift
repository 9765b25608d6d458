// Options and progress of downloads, and the repetition of requests that failed.

package import Foundation
import MoCaCore
package import MoCaSystem

/// How often, and after which delay, a request is repeated.
package struct RetryPolicy: Sendable, Hashable {
    /// Consecutive failures without a received byte after which a file is given up.
    package var failuresMax = 8
    /// The first delay in seconds; doubled after each consecutive failure.
    package var firstDelay = 1.0
    package var longestDelay = 60.0
    /// The longest delay in seconds that a server may request before it counts as unavailable.
    package var askedDelayMax = 3600.0

    package init() {}

    /// Seconds before the next attempt.
    func delay(failures: Int) -> Double {
        min(longestDelay, firstDelay * pow(2, Double(max(0, failures - 1))))
    }
}

/// What all downloads of one job share.
package struct TransferContext: Sendable {
    package var retries: RetryPolicy
    /// The timeout for establishing a connection, in seconds.
    package var connectSeconds: Int
    /// The environment variables of the process; `PATH` is read, and `curl` reads proxies.
    package var environment: [String: String]
    /// Counts the bytes that were fetched, and takes notes such as a request that is repeated.
    package let progress: ProgressCounter
    /// Called repeatedly; an error that it throws ends the download.
    package var check: @Sendable () throws -> Void

    package init(
        retries: RetryPolicy = RetryPolicy(), connectSeconds: Int = 30,
        environment: [String: String],
        progress: ProgressCounter = ProgressCounter(report: { _ in }),
        check: @escaping @Sendable () throws -> Void = {}
    ) {
        self.retries = retries
        self.connectSeconds = connectSeconds
        self.environment = environment
        self.progress = progress
        self.check = check
    }

    /// Calls `body` with an unused file name; the file that `body` creates there is removed.
    func withScratchFile<Value>(_ body: (URL) throws -> Value) rethrows -> Value {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "moca-transfer-\(UUID().uuidString)")
        defer { unlink(file.path) }
        return try body(file)
    }

    /// Waits, calling `check` all the time.
    func wait(seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try check()
            usleep(50_000)
        }
    }
}

/// Counts the consecutive failures of one file.
package struct RetryLoop {
    private let what: String
    private let context: TransferContext
    private var failures = 0

    /// - Parameter what: The name of the file in notes and errors.
    package init(_ what: String, _ context: TransferContext) {
        self.what = what
        self.context = context
    }

    /// Waits before the next attempt.
    ///
    /// - Parameters:
    ///   - requested: The delay in seconds that the server requested.
    ///   - progressed: Whether the attempt received any bytes.
    /// - Throws: `HubError.unavailable` after too many failures, errors of `check`.
    package mutating func failed(
        _ reason: String, requested: Double? = nil, progressed: Bool
    ) throws {
        let policy = context.retries
        failures = progressed ? 1 : failures + 1
        guard failures < policy.failuresMax, (requested ?? 0) <= policy.askedDelayMax else {
            throw HubError.unavailable(what: what, reason: reason)
        }
        let delay = requested ?? policy.delay(failures: failures)
        context.progress.note("\(what): \(reason); again in \(Int(delay.rounded(.up))) s")
        try context.wait(seconds: delay)
    }
}
