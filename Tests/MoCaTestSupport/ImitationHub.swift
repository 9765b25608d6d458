package import Foundation

/// A server (`scripts/tests/imitation-hub.py`) that imitates the Hugging Face Hub and its failures;
/// it runs for the lifetime of this object.
package final class ImitationHub {
    /// The folder that the server serves.
    package let root: URL
    /// The server's address, such as `http://127.0.0.1:1234`.
    package let address: String
    private let process = Process()
    private let input = Pipe()

    /// Creates `root` if it is missing, and starts the server.
    package init(serving root: URL) throws {
        self.root = root
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", Repository.root.appending(path: "scripts/tests/imitation-hub.py").path,
            root.path,
        ]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = "http://127.0.0.1:" + line.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    deinit { process.terminate() }

    /// Adds a file to the folder.
    package func put(_ data: Data, _ path: String) throws {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    /// Sets the failures of all later responses.
    package func fail(_ json: String) throws {
        try Data(json.utf8).write(to: root.appending(path: "faults.json"))
    }

    /// The requests so far, one on each line: method, path, range, status.
    package func requests() throws -> [String] {
        let log = try String(contentsOf: root.appending(path: "requests.log"), encoding: .utf8)
        return log.split(separator: "\n").map(String.init)
    }
}
