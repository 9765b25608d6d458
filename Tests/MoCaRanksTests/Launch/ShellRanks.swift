import Foundation
import MoCaSystem
import MoCaTestSupport
import Synchronization

@testable import MoCaRanks

/// A launcher whose ranks run a script of `/bin/sh` in an empty folder.
///
/// The variable `T` of the script is the folder.
final class ShellRanks: Sendable {
    let folder: TemporaryFolder
    let launcher: RankLauncher
    private let lines: Lines

    /// - Parameters:
    ///   - change: changes the settings.
    ///   - serve: opens the store; none is needed by a script.
    init(
        _ script: String, count: Int,
        _ change: (inout LaunchSettings) -> Void = { _ in },
        serve: @escaping @Sendable () throws -> ServedStore = { ServedStore(port: 1, keeping: 0) }
    ) throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        var settings = LaunchSettings(
            program: URL(fileURLWithPath: "/bin/sh"), arguments: ["-c", script],
            processCount: count,
            environment: ["PATH": "/usr/bin:/bin", "T": folder.url.path])
        settings.grace = .seconds(30)
        change(&settings)
        let lines = Lines()
        self.lines = lines
        launcher = RankLauncher(settings, serve: serve) { lines.append($0) }
    }

    /// The lines that the launcher has written, in their order.
    var messages: [String] { lines.all }

    private final class Lines: Sendable {
        private let written = Mutex<[String]>([])
        var all: [String] { written.withLock { $0 } }
        func append(_ line: String) { written.withLock { $0.append(line) } }
    }

    /// Starts the launcher on a thread.
    func start() -> DedicatedThread<RankLauncher.Outcome> {
        DedicatedThread(name: "test.launcher") { [launcher] in try launcher.run() }
    }

    /// Waits at most 30 seconds until the script has made these files.
    func wait(for names: [String]) -> Bool {
        for _ in 0..<3000 {
            if names.allSatisfy({ text($0) != nil }) { return true }
            usleep(10_000)
        }
        return false
    }

    /// The content of a file that the script made, without white space around it; nil if it is
    /// missing or empty.
    func text(_ name: String) -> String? {
        let file = folder.url.appending(path: name)
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        let content = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return content.isEmpty ? nil : content
    }

    /// Waits at most five seconds until the process whose number is in a file has ended.
    func hasEnded(_ name: String) -> Bool {
        guard let process = text(name).flatMap({ pid_t($0) }) else { return false }
        for _ in 0..<500 {
            if !isRunning(process) { return true }
            usleep(10_000)
        }
        return false
    }
}

/// Whether a process exists and is no zombie of a parent that does not wait for it.
func isRunning(_ process: pid_t) -> Bool {
    guard kill(process, 0) == 0 else { return false }
    guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
        return false
    }
    // The state follows the name, which stands in parentheses.
    return stat.split(separator: ")").last?.split(separator: " ").first != "Z"
}
