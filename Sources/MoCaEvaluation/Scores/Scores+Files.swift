// Reads and writes the files of scores.

package import Foundation
import MoCaSettings
import MoCaSystem

/// MMEB's file for one set, `NAME_score.json`.
private struct MMEBScore: Encodable {
    let acc: Double
    let num_correct: Int
    let num_pred: Int
}

extension Scores {
    /// The file name of scores in an evaluation's folder.
    package static let fileName = "scores.json"
    /// The file names of the reports made from it, as a page and as Markdown.
    package static let reportNames = ["report.html", "report.md"]

    /// Reads `scores.json`.
    ///
    /// - Throws: `EvaluationError.unreadableScores`.
    package init(contentsOf file: URL) throws {
        do {
            self = try JSONDecoder().decode(Scores.self, from: Data(contentsOf: file))
        } catch let error as DecodingError {
            throw EvaluationError.unreadableScores(
                file: file.path, reason: error.reason)
        } catch {
            throw EvaluationError.unreadableScores(
                file: file.path, reason: error.localizedDescription)
        }
    }

    /// Writes `scores.json`.
    ///
    /// - Throws: `EvaluationError.cannotWrite`.
    package func write(to file: URL) throws {
        try Self.write(self, to: file)
    }

    /// Removes the output of an evaluation from `folder`: the scores first, then the files of their
    /// sets and of `sets`.
    ///
    /// - Throws: `EvaluationError.cannotWrite`.
    static func removeFiles(of sets: [String], in folder: URL) throws {
        let file = folder.appending(path: fileName)
        var names = Set(sets)
        do {
            names.formUnion(try Scores(contentsOf: file).sets.keys)
        } catch EvaluationError.unreadableScores {
            // There are no scores, or the file is damaged and is removed as well.
        }
        let files = names.sorted().flatMap { name in
            [
                [QueryOutcome].file(of: name, in: folder), mmebFile(of: name, in: folder),
                VectorFile.url(of: name, in: folder),
            ]
        }
        let reports = reportNames.map { folder.appending(path: $0) }
        for file in [file] + files + reports {
            do {
                try FileSystem.remove(file)
            } catch {
                throw EvaluationError.cannotWrite(file: file.path, reason: error.reason)
            }
        }
    }

    private static func mmebFile(of set: String, in folder: URL) -> URL {
        folder.appending(path: "\(set)_score.json")
    }

    /// Writes one `NAME_score.json` into `folder` for every set with a precision, as MMEB's own
    /// program does.
    ///
    /// - Throws: `EvaluationError.cannotWrite`.
    package func writeMMEB(to folder: URL) throws {
        for case (let name, .precision(let score)) in sets {
            let file = Self.mmebFile(of: name, in: folder)
            let values = MMEBScore(
                acc: score.precision, num_correct: score.correctCount, num_pred: score.queryCount)
            try Self.write(values, to: file)
        }
    }

    private static func write(_ value: some Encodable, to file: URL) throws {
        do {
            try AtomicFile.write(json: value, as: .document, to: file)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }
}
