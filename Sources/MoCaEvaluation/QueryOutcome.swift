// What each query of a set got: the lines of `NAME_queries.jsonl`, from which reports, comparisons
// and intervals are made.

package import Foundation
import MoCaCore

/// A candidate or document, and its similarity to a query.
package struct ScoredCandidate: Sendable, Hashable, Codable {
    /// A document's id; of MMEB, the number of the candidate.
    package let id: String
    package let score: Float

    package init(id: String, score: Float) {
        (self.id, self.score) = (id, score)
    }
}

/// What one query got.
package struct QueryOutcome: Sendable, Hashable, Codable {
    package let query: String
    /// What was asked: the query's text, and the path of its image; nil where nobody said it.
    package var input: String?
    /// Where the set says it.
    package let language: String?
    /// Measures by name, such as `precision_at_1`.
    package let measures: [String: Double]
    /// The first of the ranking, the best first.
    package let best: [ScoredCandidate]
    /// The first of the relevant ones, the best ranked first.
    package let relevant: [ScoredCandidate]
    package let stability: Stability

    package init(
        query: String, language: String? = nil, measures: [String: Double],
        best: [ScoredCandidate], relevant: [ScoredCandidate], stability: Stability
    ) {
        (self.query, self.language, self.measures) = (query, language, measures)
        (self.best, self.relevant, self.stability) = (best, relevant, stability)
    }

    /// How many candidates `best` and `relevant` list.
    static let listedCount = 3

    /// Whether rounding could have made another outcome.
    package enum Stability: String, Sendable, Hashable, Codable {
        /// No two candidates of different relevance are so near that a measure hangs on rounding.
        case stable
        /// Similarities that differ by no more than `margin` decide.
        case near
        /// Equal similarities decide: the rule for ties does.
        case tied

        /// What another batch size or order of inputs may move a similarity by, in float32.
        package static let margin: Float = 1e-5
    }
}

/// How many outcomes of a set hang on rounding.
package struct StabilityCount: Sendable, Hashable, Codable {
    /// Queries in which equal similarities decide.
    package var tied: Int
    /// Queries in which similarities that differ by at most `margin` decide, ties among them.
    package var withinMargin: Int
    package var margin: Double

    package init(_ outcomes: [QueryOutcome]) {
        tied = outcomes.count { $0.stability == .tied }
        withinMargin = outcomes.count { $0.stability != .stable }
        margin = Double(String(QueryOutcome.Stability.margin)) ?? 0
    }

    private enum CodingKeys: String, CodingKey {
        case tied = "num_tied"
        case withinMargin = "num_within_margin"
        case margin
    }
}

extension [QueryOutcome] {
    /// Samples of the means of measures; one stream a set, so that sets vary independently.
    func samples(of metrics: Set<String>, set: String) -> [String: ResampledMeans] {
        guard !isEmpty else { return [:] }
        var samples: [String: ResampledMeans] = [:]
        for metric in metrics where allSatisfy({ $0.measures[metric] != nil }) {
            var random = RandomSource(seed: 0, name: set)
            samples[metric] = ResampledMeans(
                of: compactMap { $0.measures[metric] }, random: &random)
        }
        return samples
    }

    /// Where the outcomes of a set stand in an evaluation's folder.
    static func file(of set: String, in output: URL) -> URL {
        output.appending(path: "\(set)_queries.jsonl")
    }

    /// Writes a line a query.
    ///
    /// - Returns: SHA-256 of the file.
    /// - Throws: `EvaluationError.cannotWrite`.
    @discardableResult
    package func write(set: String, to output: URL) throws -> String {
        let file = Self.file(of: set, in: output)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            var data = Data()
            for outcome in self {
                data += try encoder.encode(outcome)
                data.append(UInt8(ascii: "\n"))
            }
            try data.write(to: file, options: .atomic)
            return Self.hash(data)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.localizedDescription)
        }
    }

    private static func hash(_ data: Data) -> String {
        var hash = SHA256()
        data.withUnsafeBytes { hash.add($0) }
        return hash.hexadecimal
    }

    /// Reads the outcomes of a set.
    ///
    /// - Parameter hash: SHA-256 that the file must have; nil takes it as it is.
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
