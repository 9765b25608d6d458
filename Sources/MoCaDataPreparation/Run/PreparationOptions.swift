// Options and progress events of a run.

package import Foundation

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

/// Options for executing a manifest.
package struct PreparationOptions: Sendable {
    /// The number of files and archives processed at once.
    package var jobs = 4
    package var retries = RetryPolicy()
    /// The timeout for establishing a connection, in seconds.
    package var connectSeconds = 30
    /// The environment variables of the process; `HF_ENDPOINT`, `HF_TOKEN` and `PATH` are read.
    package var environment = ProcessInfo.processInfo.environment
    /// Folders that pip unpacked programs into, such as `.deps`.
    package var programFolders: [URL] = []

    package init() {}
}

/// A progress event of a run.
package enum PreparationStep: Sendable, Hashable {
    /// Bytes to fetch and to read from archives.
    case planned(bytes: Int)
    /// Bytes fetched or read since the last event; negative if some must be repeated.
    case advanced(bytes: Int)
    /// A message, such as a request that will be repeated.
    case note(String)
}

/// State shared by all parts of one run.
struct PreparationContext: Sendable {
    let options: PreparationOptions
    let work: WorkFolder
    let onStep: @Sendable (PreparationStep) -> Void
    let isInterrupted: @Sendable () -> Bool

    /// - Throws: `PreparationError.interrupted`.
    func check() throws {
        if isInterrupted() { throw PreparationError.interrupted(folder: work.output.path) }
    }

    /// Options for an interactive caller: one attempt with a short timeout.
    var impatient: PreparationContext {
        var options = options
        options.retries.failuresMax = 1
        options.connectSeconds = min(options.connectSeconds, Self.impatientSeconds)
        return PreparationContext(
            options: options, work: work, onStep: onStep, isInterrupted: isInterrupted)
    }

    private static let impatientSeconds = 10

    /// Calls `body` with an unused file name; the file that `body` creates there is removed.
    func withScratchFile<Value>(_ body: (URL) throws -> Value) rethrows -> Value {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "moca-prepare-\(UUID().uuidString)")
        defer { unlink(file.path) }
        return try body(file)
    }

    /// Waits, unless the run is interrupted.
    func wait(seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try check()
            usleep(50_000)
        }
    }
}

/// Counts the consecutive failures of one file.
struct RetryLoop {
    let what: String
    let context: PreparationContext
    private var failures = 0

    init(_ what: String, _ context: PreparationContext) {
        (self.what, self.context) = (what, context)
    }

    /// Waits before the next attempt.
    ///
    /// - Parameters:
    ///   - requested: The delay in seconds that the server requested.
    ///   - progressed: Whether the attempt received any bytes.
    /// - Throws: `PreparationError.unavailable` after too many failures, `.interrupted`.
    mutating func failed(_ reason: String, requested: Double? = nil, progressed: Bool) throws {
        let policy = context.options.retries
        failures = progressed ? 1 : failures + 1
        guard failures < policy.failuresMax, (requested ?? 0) <= policy.askedDelayMax else {
            throw PreparationError.unavailable(what: what, reason: reason)
        }
        let delay = requested ?? policy.delay(failures: failures)
        context.onStep(.note("\(what): \(reason); again in \(Int(delay.rounded(.up))) s"))
        try context.wait(seconds: delay)
    }
}
