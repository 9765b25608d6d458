// The logs of a run folder as files.

package import Foundation

/// A log of a run folder: a file with one JSON object per line.
package enum RunLogFile {
    /// Name of the log of the records that failed.
    package static let quarantine = "quarantine.jsonl"

    /// The names of all logs of a run folder.
    package static let names = [
        MetricsRow.fileName, RunEvent.fileName, HealthRow.fileName, ReconstructionRow.fileName,
        quarantine,
    ]

    /// Reads the rows of a log.
    ///
    /// A last line without a line terminator, as a killed run leaves it, is skipped if it cannot be
    /// read.
    ///
    /// - Throws: `RunLogError`.
    package static func rows<Row: Decodable>(
        of type: Row.Type = Row.self, in file: URL
    ) throws -> [Row] {
        do {
            return try rows(of: type, in: Data(contentsOf: file), name: file.path)
        } catch let error as RunLogError {
            throw error
        } catch {
            throw RunLogError.unreadable(file: file.path, reason: error.localizedDescription)
        }
    }

    /// Reads the rows of an optional log; returns none if the file does not exist.
    ///
    /// - Throws: `RunLogError`.
    package static func rowsIfPresent<Row: Decodable>(
        of type: Row.Type = Row.self, in file: URL
    ) throws -> [Row] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return try rows(of: type, in: file)
    }

    /// Reads the rows from the bytes of a log; errors name the file as `name`.
    ///
    /// - Throws: `RunLogError.invalidLine`.
    static func rows<Row: Decodable>(
        of type: Row.Type = Row.self, in data: Data, name: String
    ) throws -> [Row] {
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let decoder = JSONDecoder()
        var rows: [Row] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            do {
                rows.append(try decoder.decode(type, from: line))
            } catch let error as DecodingError {
                if index == lines.count - 1 { break }
                throw RunLogError.invalidLine(
                    file: name, line: index + 1, reason: Self.reason(error))
            }
        }
        return rows
    }

    private static func reason(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            let name = (context.codingPath.map(\.stringValue) + [key.stringValue])
            return "it has no \(name.joined(separator: "."))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return context.codingPath.isEmpty
                ? "it is not a JSON object" : "\(path(context)) has the wrong type"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is not JSON" : "\(path(context)) has a wrong value"
        @unknown default: return error.localizedDescription
        }
    }
}
