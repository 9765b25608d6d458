// The lines of `NAME_queries.jsonl`, from which reports, comparisons and intervals are made.

package import Foundation
import MoCaSettings
import MoCaSystem

extension [QueryOutcome] {
    /// The file of a set's outcomes in an evaluation's folder.
    static func file(of set: String, in output: URL) -> URL {
        output.appending(path: "\(set)_queries.jsonl")
    }

    /// Writes one line per query.
    ///
    /// - Returns: SHA-256 of the file.
    /// - Throws: `EvaluationError.cannotWrite`.
    @discardableResult
    package func write(set: String, to output: URL) throws -> String {
        let file = Self.file(of: set, in: output)
        do {
            let data = try JSONFormat.lines(self)
            try AtomicFile.write(data, to: file)
            return Self.hash(data)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }

    private static func hash(_ data: Data) -> String {
        var hash = SHA256()
        hash.add(data)
        return hash.hexadecimal
    }

    /// Reads the outcomes of a set.
    ///
    /// - Parameter hash: the required SHA-256 of the file; nil skips the check.
    /// - Throws: `EvaluationError.unreadableScores`.
    package init(set: String, in output: URL, hash: String? = nil) throws {
        let file = Self.file(of: set, in: output)
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw EvaluationError.unreadableScores(
                file: file.path, reason: error.localizedDescription)
        }
        if let hash, hash != Self.hash(data) {
            throw EvaluationError.unreadableScores(
                file: file.path, reason: "it is not the file that \(Scores.fileName) is of")
        }
        let lines = data.split(separator: UInt8(ascii: "\n"))
        let decoder = JSONDecoder()
        self = try lines.enumerated().map { number, line in
            do {
                return try decoder.decode(QueryOutcome.self, from: line)
            } catch {
                throw EvaluationError.unreadableScores(
                    file: file.path, reason: "line \(number + 1) is no outcome of a query")
            }
        }
    }
}
