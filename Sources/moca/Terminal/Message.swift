// Results go to standard output, everything else to standard error.

import Foundation
import MoCaSettings

/// What a command says.
enum Message {
    /// Writes a line to standard error.
    static func write(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Writes a warning to standard error.
    static func warn(_ text: String) { write("warning: \(text)") }

    /// Prints a result as one line of JSON; numbers that JSON cannot write become texts.
    static func printJSON(_ value: some Encodable) throws {
        print(try json(value))
    }

    /// One line of JSON.
    static func json(_ value: some Encodable) throws -> String {
        try JSONFormat.line.text(value, nonFinite: .words)
    }
}
