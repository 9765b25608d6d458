// Results go to standard output, everything else to standard error.

import Foundation

/// What a command says.
enum Message {
    /// Writes a line to standard error.
    static func write(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    /// Prints a result as one line of JSON; numbers that JSON cannot write become texts.
    static func printJSON(_ value: some Encodable) throws {
        print(try json(value))
    }

    /// One line of JSON.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A number with `digits` decimals.
    static func text(_ value: Double, _ digits: Int = 2) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// A share in per cent, with one decimal and without a sign.
    static func percent(_ share: Double) -> String { text(100 * share, 1) }

    /// Bytes as MB or GB.
    static func size(_ bytes: Int) -> String {
        bytes < 1_000_000_000
            ? "\(text(Double(bytes) / 1e6, 1)) MB" : "\(text(Double(bytes) / 1e9)) GB"
    }
}
