// Files of a run folder that grow by lines of JSON, such as metrics.jsonl.

import Foundation
import MoCaSystem

/// A log of JSON lines, each of which has a `step`.
final class StepLog: Sendable {
    private let log: JSONLinesLog
    var url: URL { log.url }

    /// A log that `open` or the first line opens; the file stays as it is until then.
    ///
    /// - Parameter step: the step that a run goes on from: later lines of an earlier run are removed.
    init(_ url: URL, after step: Int) {
        log = JSONLinesLog(url) { line in
            // What does not decode was being written when the run was killed.
            let row = Result { try JSONDecoder().decode(Row.self, from: line) }
            if case .success(let row) = row { return row.step <= step }
            return false
        }
    }

    /// Opens the file; lines after the step and a line that was cut off are removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try RunFile.naming(url) { try log.open() } }

    /// Appends a line.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ line: String) throws {
        try RunFile.naming(url) { try log.append(line: line) }
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

    /// The lines that are such rows, up to the step where the file is not open yet; a line of
    /// another kind is passed over.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func rows<Row: Decodable>(_ type: Row.Type) throws -> [Row] {
        let lines: [Data]
        do {
            lines = try log.lines()
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
        return lines.compactMap { line in
            let row = Result { try JSONDecoder().decode(type, from: line) }
            if case .success(let row) = row { return row }
            return nil
        }
    }

    private struct Row: Decodable {
        var step: Int
    }
}
