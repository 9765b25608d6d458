// Compares two evaluations of the same sets: by how much they differ, whether chance alone explains
// it, and on which queries.

package import Foundation
import MoCaCore
package import MoCaSettings

/// A comparison of two evaluations, paired query by query.
package struct Comparison: Sendable, Hashable, Codable {
    /// A difference of means, B minus A.
    package struct Difference: Sendable, Hashable, Codable {
        package let metric: String
        package let a: Double
        package let b: Double
        package let difference: Double
        /// The 95 % interval of the difference from a paired bootstrap over queries; nil for a mean
        /// over sets that share queries, since these do not vary independently.
        package let interval: ConfidenceInterval?
        /// The probability of a difference like this one if the true difference is 0; nil without
        /// an interval.
        package let probability: Double?

        private enum CodingKeys: String, CodingKey {
            case metric, a, b, difference, interval
            case probability = "p_value"
        }
    }

    /// A query that the two evaluations answer differently.
    package struct Example: Sendable, Hashable, Codable {
        package let query: String
        /// The query's text and the path of its image.
        package let input: String?
        package let a: Double
        package let b: Double
        /// The candidate that each evaluation ranks first.
        package let bestOfA: ScoredCandidate?
        package let bestOfB: ScoredCandidate?
        /// The ids of the relevant candidates.
        package let relevant: [String]

        private enum CodingKeys: String, CodingKey {
            case query, input, a, b, relevant
            case bestOfA = "best_of_a"
            case bestOfB = "best_of_b"
        }
    }

    /// The comparison of one set.
    package struct SetComparison: Sendable, Hashable, Codable {
        package let mean: Difference
        package let queryCount: Int
        /// The numbers of queries that B answers better, worse, and equally well.
        package let wins: Int
        package let losses: Int
        package let ties: Int
        /// The queries with the greatest gains and with the greatest losses.
        package let gained: [Example]
        package let lost: [Example]

        private enum CodingKeys: String, CodingKey {
            case mean, wins, losses, ties, gained, lost
            case queryCount = "num_queries"
        }
    }

    package let sets: [String: SetComparison]
    /// The means that both evaluations have, and `mean` over all sets of one measure.
    package let groups: [String: Difference]
    /// Sets that only one evaluation has; they are not compared.
    package let onlyInA: [String]
    package let onlyInB: [String]
    /// Settings that differ, by name: the values of A and of B.
    package let settings: [String: [JSON?]]

    private enum CodingKeys: String, CodingKey {
        case sets, groups, settings
        case onlyInA = "only_in_a"
        case onlyInB = "only_in_b"
    }
}

extension Comparison {
    /// Compares the evaluations in two folders.
    ///
    /// - Parameter exampleCount: how many gains and losses of a set are listed.
    /// - Throws: `EvaluationError.unreadableScores`, also if the outcomes do not belong to the
    ///   scores; `.notComparable`.
    package init(
        _ a: URL, _ b: URL, exampleCount: Int = 5,
        resampleCount: Int = ResampledMeans.standardCount
    ) throws {
        let files = [a, b].map { $0.appending(path: Scores.fileName) }
        let scores = try files.map(Scores.init(contentsOf:))
        let shared = scores[0].sets.keys.filter { scores[1].sets[$0] != nil }.sorted()
        guard !shared.isEmpty else {
            throw EvaluationError.notComparable(
                a: a.path, b: b.path, reason: "they have no set in common")
        }
        var (pairs, found) = ([String: Pair](), [String: [[QueryOutcome]]]())
        for name in shared {
            let outcomes = try zip(scores, [a, b]).map { try $0.outcomes(of: name, in: $1) }
            found[name] = outcomes
            guard scores[0].data[name] == scores[1].data[name] else {
                throw EvaluationError.notComparable(
                    a: a.path, b: b.path,
                    reason: "set '\(name)' held other inputs or judgements"
                        + (scores[0].settings["part"] == scores[1].settings["part"]
                            ? "" : ", for only parts were scored, and not the same ones"))
            }
            pairs[name] = try Pair(
                name, outcomes[0], outcomes[1], metric: scores[0].headline(of: name),
                resampleCount: resampleCount, files: (a.path, b.path))
        }
        sets = pairs.mapValues { $0.comparison(exampleCount: exampleCount) }
        groups = try Self.groups(scores) { member, metric in
            if let pair = pairs[member], pair.metric == metric { return pair }
            guard let outcomes = try Self.outcomes(of: member, in: found) else { return nil }
            return try Pair(
                member, outcomes[0], outcomes[1], metric: metric, resampleCount: resampleCount,
                files: (a.path, b.path))
        }
        onlyInA = scores[0].sets.keys.filter { scores[1].sets[$0] == nil }.sorted()
        onlyInB = scores[1].sets.keys.filter { scores[0].sets[$0] == nil }.sorted()
        settings = Self.differingSettings(scores)
    }

    /// - Parameter pair: returns a member of a group by one of its measures; nil unless both
    ///   evaluations have it.
    private static func groups(
        _ scores: [Scores], pair: (_ member: String, _ metric: String) throws -> Pair?
    ) throws -> [String: Difference] {
        var groups: [String: Difference] = [:]
        for (name, group) in scores[0].groups {
            guard group.missing.isEmpty, scores[1].groups[name]?.missing.isEmpty == true
            else { continue }
            let members = try group.sets.compactMap { try pair($0, group.metric) }
            // The mean of all sets is compared over the common ones; a named group needs all of its
            // sets.
            guard !members.isEmpty,
                name == Scores.meanOfAll || members.count == group.sets.count
            else { continue }
            groups[name] = Difference(members, metric: group.metric)
        }
        return groups
    }

    /// The outcomes of both evaluations for a member of a group: a set, or its queries of one
    /// language, `SET (LANGUAGE)`.
    private static func outcomes(
        of member: String, in found: [String: [[QueryOutcome]]]
    ) throws -> [[QueryOutcome]]? {
        if let outcomes = found[member] { return outcomes }
        guard let part = LanguagePart(member), let outcomes = found[part.set] else { return nil }
        return outcomes.map { $0.filter { $0.language == part.language } }
    }

    /// What settings are that an evaluation leaves out.
    private static let standardSettings: [String: JSON] = ["embedder": .string("moca")]

    private static func differingSettings(_ scores: [Scores]) -> [String: [JSON?]] {
        let names = Set(scores.flatMap { $0.settings.keys })
        var differing: [String: [JSON?]] = [:]
        for name in names {
            let values = scores.map { $0.settings[name] ?? standardSettings[name] }
            let isEqual = name == "subsets" ? haveSameNames(values) : values[0] == values[1]
            if !isEqual { differing[name] = values }
        }
        return differing
    }

    /// Whether two comma-separated lists of sets contain the same names in any order.
    private static func haveSameNames(_ values: [JSON?]) -> Bool {
        let names = values.map { value -> Set<String>? in
            guard case .string(let text) = value else { return nil }
            return Set(text.components(separatedBy: ", "))
        }
        return names[0] == names[1]
    }
}

extension Scores {
    /// The outcomes that the scores of a set were computed from.
    ///
    /// - Throws: `EvaluationError.unreadableScores`, if the file is a different one, or if the
    ///   scores do not record its hash or the data of the set.
    fileprivate func outcomes(of set: String, in folder: URL) throws -> [QueryOutcome] {
        for (digests, key) in [(outcomes, "outcomes"), (data, "data")] where digests[set] == nil {
            throw EvaluationError.unreadableScores(
                file: folder.appending(path: Scores.fileName).path,
                reason: "\(key).\(set) is missing")
        }
        return try [QueryOutcome](set: set, in: folder, hash: outcomes[set])
    }
}

/// The outcomes of one set in both evaluations, paired by query.
private struct Pair {
    let name: String
    let metric: String
    let a: [Double]
    let b: [Double]
    let outcomes: [(a: QueryOutcome, b: QueryOutcome)]
    /// Bootstrap samples of the mean difference.
    let samples: ResampledMeans

    init(
        _ set: String, _ a: [QueryOutcome], _ b: [QueryOutcome], metric: String,
        resampleCount: Int, files: (String, String)
    ) throws {
        let others = Dictionary(b.map { ($0.query, $0) }) { first, _ in first }
        let outcomes = a.compactMap { one in others[one.query].map { (a: one, b: $0) } }
        guard outcomes.count == a.count, a.count == b.count, others.count == b.count else {
            throw EvaluationError.notComparable(
                a: files.0, b: files.1, reason: "set '\(set)' was scored on other queries")
        }
        (name, self.metric, self.outcomes) = (set, metric, outcomes)
        func values(_ outcomes: [QueryOutcome], _ file: String) throws -> [Double] {
            try outcomes.map { outcome in
                guard let value = outcome.measures[metric] else {
                    throw EvaluationError.notComparable(
                        a: files.0, b: files.1,
                        reason: "query '\(outcome.query)' of set '\(set)' has no \(metric) in "
                            + file)
                }
                return value
            }
        }
        self.a = try values(outcomes.map(\.a), files.0)
        self.b = try values(outcomes.map(\.b), files.1)
        var random = RandomSource(seed: 0, name: set)
        samples = ResampledMeans(
            of: zip(self.a, self.b).map { $1 - $0 }, units: a.units, count: resampleCount,
            random: &random)
    }

    func comparison(exampleCount: Int) -> Comparison.SetComparison {
        let gains = zip(a, b).map { $1 - $0 }
        // Equal gains are listed in the order of the set.
        let order = gains.indices.sorted { (gains[$0], $1) > (gains[$1], $0) }
        let losses = gains.indices.sorted { (gains[$0], $0) < (gains[$1], $1) }
        return Comparison.SetComparison(
            mean: Comparison.Difference([self], metric: metric), queryCount: gains.count,
            wins: gains.count { $0 > 0 }, losses: gains.count { $0 < 0 },
            ties: gains.count { $0 == 0 },
            gained: order.prefix(exampleCount).filter { gains[$0] > 0 }.map(example),
            lost: losses.prefix(exampleCount).filter { gains[$0] < 0 }.map(example))
    }

    private func example(_ index: Int) -> Comparison.Example {
        let (ofA, ofB) = outcomes[index]
        // Each outcome lists the relevant candidates that it ranks best.
        let relevant = ofA.relevant.map(\.id)
        return Comparison.Example(
            query: ofA.query, input: ofA.input, a: a[index], b: b[index],
            bestOfA: ofA.best.first, bestOfB: ofB.best.first,
            relevant: relevant + ofB.relevant.map(\.id).filter { !relevant.contains($0) })
    }
}

extension Comparison.Difference {
    /// The difference of the means over sets.
    fileprivate init(_ pairs: [Pair], metric: String) {
        let sets = Set(pairs.map { LanguagePart($0.name)?.set ?? $0.name })
        let isIndependent = sets.count == pairs.count
        func mean(_ values: (Pair) -> [Double]) -> Double {
            pairs.reduce(0) { sum, pair in
                let values = values(pair)
                return sum + values.reduce(0, +) / Double(max(1, values.count))
            } / Double(pairs.count)
        }
        let samples = ResampledMeans(meanOver: pairs.map(\.samples))
        let (ofA, ofB) = (mean(\.a), mean(\.b))
        self.init(
            metric: metric, a: ofA, b: ofB, difference: ofB - ofA,
            interval: isIndependent ? samples.interval : nil,
            probability: isIndependent ? samples.signProbability : nil)
    }
}
