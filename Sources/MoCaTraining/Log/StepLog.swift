// Files of a run folder that grow by lines of JSON, such as metrics.jsonl.

import Foundation

/// Lines of which each says its step.
final class StepLog: Sendable {
    let url: URL
    private let handle: FileHandle
    /// Takes each line too, after it was written.
    private let mirror: (@Sendable (String) throws -> Void)?

    /// Opens the file; lines after `step` and a line that was cut off are removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    init(
        _ url: URL, after step: Int, mirror: (@Sendable (String) throws -> Void)? = nil
    ) throws {
        self.url = url
        self.mirror = mirror
        do {
            let old =
                FileManager.default.fileExists(atPath: url.path)
                ? try Data(contentsOf: url) : Data()
            try Self.kept(old, upTo: step).write(to: url, options: .atomic)
            handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
    }

    func append(_ line: String) throws {
        try RunFile.naming(url) { try handle.write(contentsOf: Data((line + "\n").utf8)) }
        try mirror?(line)
    }

    /// Appends a value as one line, its keys in order; a number that is not finite is null.
    func append(row: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON has no such numbers, and the encoder knows texts only in their place.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "\u{0}", negativeInfinity: "\u{0}", nan: "\u{0}")
        let data: Data
        do {
            data = try encoder.encode(row)
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
        // Within a text the second quotation mark would be escaped: only members look like this.
        try append(
            String(decoding: data, as: UTF8.self).replacing(#":"\u0000""#, with: ":null"))
    }

    /// The lines that are such rows; a line of another kind is passed over.
    func rows<Row: Decodable>(_ type: Row.Type) throws -> [Row] {
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
        return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let row = Result { try JSONDecoder().decode(type, from: Data(line)) }
            if case .success(let row) = row { return row }
            return nil
        }
    }

    private struct Row: Decodable {
        var step: Int
    }

    private static func kept(_ data: Data, upTo step: Int) -> Data {
        var kept = Data()
        for line in data.split(separator: UInt8(ascii: "\n")) {
            // What does not read was being written when the run was killed.
            let row = Result { try JSONDecoder().decode(Row.self, from: Data(line)) }
            guard case .success(let row) = row, row.step <= step else { continue }
            kept.append(line)
            kept.append(UInt8(ascii: "\n"))
        }
        return kept
    }
}
