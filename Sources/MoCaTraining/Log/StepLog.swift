// Append-only JSON Lines files of a run folder, such as metrics.jsonl.

import Foundation
import MoCaSettings
import MoCaSystem

/// A log of JSON lines, each of which has a `step`.
final class StepLog: Sendable {
    private let log: JSONLinesLog
    var url: URL { log.url }

    /// Creates a log; its file is opened, and changed, only by `open` or the first appended line.
    ///
    /// - Parameter step: The step that the run continues from; later lines are removed.
    init(_ url: URL, after step: Int) {
        log = JSONLinesLog(url) { line in
            // A line that cannot be decoded was incomplete when the run was killed.
            let row = Result { try JSONDecoder().decode(Row.self, from: line) }
            if case .success(let row) = row { return row.step <= step }
            return false
        }
    }

    /// Opens the file and removes lines after the step and an incomplete line.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try RunFile.naming(url) { try log.open() } }

    /// Appends a line.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ line: String) throws {
        try RunFile.naming(url) { try log.append(line: line) }
    }

    /// Appends a value as one line with sorted keys; a non-finite number is written as null.
    func append(row: some Encodable) throws {
        let line: String
        do {
            line = try JSONFormat.line.text(row, nonFinite: .null)
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
        try append(line)
    }

    /// Returns the lines that decode as `type`, up to the step if the file is not open yet; other
    /// lines are skipped.
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
