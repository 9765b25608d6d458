// What a run is told, and what it tells.

package import Foundation

/// How often, and after how long, a request is repeated.
package struct RetryPolicy: Sendable, Hashable {
    /// Failures in a row, without a byte between them, that end a file.
    package var failuresMax = 8
    /// Doubled after each failure in a row.
    package var firstDelay = 1.0
    package var longestDelay = 60.0
    /// A server that asks for more patience than this is not available.
    package var askedDelayMax = 3600.0

    package init() {}

    /// Seconds before the next attempt.
    func delay(failures: Int) -> Double {
        min(longestDelay, firstDelay * pow(2, Double(max(0, failures - 1))))
    }
}

/// How a manifest is carried out.
package struct PreparationOptions: Sendable {
    /// Files and archives at once.
    package var jobs = 4
    package var retries = RetryPolicy()
    /// How long a connection may take to come about.
    package var connectSeconds = 30
    /// The environment variables of the process; `HF_ENDPOINT`, `HF_TOKEN` and `PATH` are read.
    package var environment = ProcessInfo.processInfo.environment
    /// Folders that pip unpacked programs into, such as `.deps`.
    package var programFolders: [URL] = []

    package init() {}
}

/// What a run tells while it works.
package enum PreparationStep: Sendable, Hashable {
    /// Bytes that have to be fetched and read from archives.
    case planned(bytes: Int)
    /// Bytes fetched or read since the last step; less than 0 where some have to come again.
    case advanced(bytes: Int)
    /// A note, such as a request that will be repeated.
    case note(String)
}

/// What all parts of one run share.
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

    /// Gives a name that no file has; what `body` puts there is removed.
    func withScratchFile<Value>(_ body: (URL) throws -> Value) rethrows -> Value {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "moca-prepare-\(UUID().uuidString)")
        defer { unlink(file.path) }
        return try body(file)
    }

    /// Waits, and notices an interruption.
    func wait(seconds: Double) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try check()
            usleep(50_000)
        }
    }
}

/// Counts failures in a row of one file.
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
    ///   - asked: the delay in seconds that the server requested.
    ///   - progressed: whether the attempt brought something.
    /// - Throws: `PreparationError.unavailable` after too many failures, `.interrupted`.
    mutating func failed(_ reason: String, asked: Double? = nil, progressed: Bool) throws {
        let policy = context.options.retries
        failures = progressed ? 1 : failures + 1
        guard failures < policy.failuresMax, (asked ?? 0) <= policy.askedDelayMax else {
            throw PreparationError.unavailable(what: what, reason: reason)
        }
        let delay = asked ?? policy.delay(failures: failures)
        context.onStep(.note("\(what): \(reason); again in \(Int(delay.rounded(.up))) s"))
        try context.wait(seconds: delay)
    }
}
