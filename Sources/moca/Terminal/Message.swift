// Results go to standard output, everything else to standard error.

import Foundation
import MoCaSettings
import MoCaSystem

/// The messages and JSON output of commands.
enum Message {
    /// Writes a line to standard error.
    static func write(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Writes a warning to standard error.
    static func warn(_ text: String) { write("warning: \(text)") }

    /// Prints a result as one line of JSON; non-finite numbers become strings.
    static func printJSON(_ value: some Encodable) throws {
        print(try json(value))
    }

    /// The value as one line of JSON.
    static func json(_ value: some Encodable) throws -> String {
        try JSONFormat.line.text(value, nonFinite: .words)
    }

    /// Writes a result as one line of JSON to a file.
    ///
    /// - Throws: `CommandError.cannotWrite`.
    static func write(json value: some Encodable, to path: String) throws {
        try write(Data((json(value) + "\n").utf8), to: path)
    }

    /// Writes an output of the command, complete or not at all.
    ///
    /// - Throws: `CommandError.cannotWrite`.
    static func write(_ data: Data, to path: String) throws {
        do {
            try AtomicFile.write(data, to: URL(fileURLWithPath: path))
        } catch {
            throw CommandError.cannotWrite(path: path, reason: error.fileReason)
        }
    }
}
