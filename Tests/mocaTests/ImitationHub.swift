// `scripts/imitation-hub.py` beside the program under test.

import Foundation

/// The imitation of the Hub, running as long as this lives.
final class ImitationHub {
    private static let script = fixtures.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "scripts/imitation-hub.py")

    /// Such as `http://127.0.0.1:1234`.
    let address: String
    private let process = Process()
    private let input = Pipe()

    /// Serves what `root` holds, which is made where it is missing.
    init(_ root: URL) throws {
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", Self.script.path, root.path]
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = "http://127.0.0.1:" + line.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    deinit { process.terminate() }
}
