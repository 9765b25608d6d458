// Files of a run folder that grow by lines of JSON, such as metrics.jsonl.

import Foundation
import Synchronization

/// Lines of which each says its step.
final class StepLog: Sendable {
    let url: URL
    /// The step that a run goes on from: an earlier run's later lines do not count.
    private let step: Int
    /// nil until the file is opened.
    private let handle = Mutex<FileHandle?>(nil)

    /// A log that `open` or the first line opens; the file stays as it is until then.
    init(_ url: URL, after step: Int) {
        (self.url, self.step) = (url, step)
    }

    /// Opens the file; lines after the step and a line that was cut off are removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try handle.withLock { try open(&$0) } }

    private func open(_ handle: inout FileHandle?) throws {
        guard handle == nil else { return }
        do {
            try keptData().write(to: url, options: .atomic)
            let opened = try FileHandle(forWritingTo: url)
            try opened.seekToEnd()
            handle = opened
        } catch {
            throw TrainingError.cannotWrite(url, error)
        }
    }

    /// Appends a line.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ line: String) throws {
        try handle.withLock { handle in
            try open(&handle)
            try RunFile.naming(url) { try handle?.write(contentsOf: Data((line + "\n").utf8)) }
        }
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
        let data = try handle.withLock { handle in
            do {
                return handle == nil ? try keptData() : try Data(contentsOf: url)
            } catch {
                throw TrainingError.cannotWrite(url, error)
            }
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

    /// What the file has of the steps up to `step`; nothing where there is none.
    private func keptData() throws -> Data {
        guard FileManager.default.fileExists(atPath: url.path) else { return Data() }
        let data = try Data(contentsOf: url)
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
