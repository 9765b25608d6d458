// Options of a run, and the state that its parts share.

package import Foundation
package import MoCaHub
import MoCaSystem

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

    /// The `.deps` folders of the working folder and of the package that a program was built in,
    /// or the folder in `MOCA_DEPS`.
    package static func programFolders(
        of program: URL, _ environment: [String: String]
    ) -> [URL] {
        if let deps = environment["MOCA_DEPS"] { return [URL(fileURLWithPath: deps)] }
        var folders = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
        var folder = program.resolvingSymlinksInPath()
        while folder.path.count > 1 {
            folder = folder.deletingLastPathComponent()
            if folder.lastPathComponent == ".build" {
                folders.append(folder.deletingLastPathComponent())
            }
        }
        return folders.map { URL(fileURLWithPath: $0.path + "/.deps") }
    }
}

/// State shared by all parts of one run.
struct PreparationContext: Sendable {
    let options: PreparationOptions
    let work: WorkFolder
    /// Counts the bytes fetched and read from archives.
    let progress: ProgressCounter
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
            options: options, work: work, progress: progress, isInterrupted: isInterrupted)
    }

    private static let impatientSeconds = 10

    /// What downloads need of this context.
    var transfer: TransferContext {
        TransferContext(
            retries: options.retries, connectSeconds: options.connectSeconds,
            environment: options.environment, progress: progress, check: check)
    }
}
