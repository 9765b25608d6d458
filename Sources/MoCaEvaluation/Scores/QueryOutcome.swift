// What each query of a set got: the lines of `NAME_queries.jsonl`, from which reports, comparisons
// and intervals are made.

package import Foundation
import MoCaCore
import MoCaSystem

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
    /// The first query of those that are translations of one another; nil in sets without.
    package let group: String?
    /// Measures by name, such as `precision_at_1`.
    package let measures: [String: Double]
    /// The first of the ranking, the best first.
    package let best: [ScoredCandidate]
    /// The first of the relevant ones, the best ranked first.
    package let relevant: [ScoredCandidate]
    /// The rank of the first relevant one among all, from 1, also below the cut-offs; of MMEB, of the
    /// right candidate, which is last among equals. nil where none is relevant.
    package var rankOfRelevant: Int?
    package let stability: Stability
    /// Whether any two similarities are equal that rankings are made of, whatever they decide: of
    /// those down to the deepest cut-off and the one below it, or that of the first relevant one and
    /// any other. nil in files of older versions.
    package var hasTies: Bool?

    package init(
        query: String, language: String? = nil, group: String? = nil,
        measures: [String: Double], best: [ScoredCandidate], relevant: [ScoredCandidate],
        stability: Stability
    ) {
        (self.query, self.language, self.group) = (query, language, group)
        (self.measures, self.best, self.relevant) = (measures, best, relevant)
        self.stability = stability
    }

    private enum CodingKeys: String, CodingKey {
        case query, input, language, group, measures, best, relevant, stability
        case rankOfRelevant = "rank_of_relevant"
        case hasTies = "has_ties"
    }

    /// How many candidates `best` and `relevant` list.
    static let listedCount = 3

    /// Whether rounding could have made another outcome.
    package enum Stability: String, Sendable, Hashable, Codable {
        /// No two candidates of different relevance are so near that a measure hangs on rounding.
        case stable
        /// Similarities that differ by no more than `gap` decide.
        case near
        /// Equal similarities decide: the rule for ties does.
        case tied

        /// What another batch size or order of inputs may move one similarity by, in float32.
        package static let margin: Float = 1e-5
        /// The greatest difference of two similarities that may change its sign: each may move by
        /// `margin`, towards the other.
        static let gap = 2 * margin
    }
}

/// How many outcomes of a set hang on rounding.
package struct StabilityCount: Sendable, Hashable, Codable {
    /// Queries in which equal similarities decide.
    package var tied: Int
    /// Queries with any tie among the similarities that are ranked, deciding or not
    /// (`QueryOutcome.hasTies`); nil where that was not counted.
    package var withTies: Int?
    /// Queries in which similarities decide that differ by at most twice `margin`, ties among them.
    package var withinMargin: Int
    /// What one similarity may move by.
    package var margin: Double

    package init(_ outcomes: [QueryOutcome]) {
        tied = outcomes.count { $0.stability == .tied }
        withTies =
            outcomes.allSatisfy { $0.hasTies != nil } ? outcomes.count { $0.hasTies == true } : nil
        withinMargin = outcomes.count { $0.stability != .stable }
        margin = Double(String(QueryOutcome.Stability.margin)) ?? 0
    }

    private enum CodingKeys: String, CodingKey {
        case tied = "num_tied"
        case withTies = "num_with_ties"
        case withinMargin = "num_within_margin"
        case margin
    }
}

extension [QueryOutcome] {
    /// The queries that are drawn as one, as places in the list; nil where queries are drawn.
    package var units: [[Int]]? {
        guard contains(where: { $0.group != nil }) else { return nil }
        var (units, numbers) = ([[Int]](), [String: Int]())
        for (index, outcome) in enumerated() {
            let name = outcome.group ?? outcome.query
            if let number = numbers[name] {
                units[number].append(index)
            } else {
                numbers[name] = units.count
                units.append([index])
            }
        }
        return units
    }

    /// Samples of the means of measures; one stream a set, so that sets vary independently.
    ///
    /// - Parameter units: as of `ResampledMeans.draw`.
    func samples(
        of metrics: Set<String>, set: String, units: [[Int]]?
    ) -> [String: ResampledMeans] {
        guard !isEmpty else { return [:] }
        let names = metrics.filter { metric in allSatisfy { $0.measures[metric] != nil } }.sorted()
        var random = RandomSource(seed: 0, name: set)
        let samples = ResampledMeans.draw(
            names.map { name in map { $0.measures[name] ?? 0 } }, units: units, random: &random)
        return Dictionary(uniqueKeysWithValues: zip(names, samples))
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
