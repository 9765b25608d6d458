// From the scores of a retrieval set's queries to the set's score.

package import MoCaCore

/// One query, the scores of all documents, and the judgements.
package struct RankedQuery: Sendable {
    /// The query's id.
    package var id: String
    /// The query's language, where the set says it.
    package var language: String?
    /// One score a document of the corpus.
    package var scores: [Float]
    /// The relevance of the judged documents, by id.
    package var relevance: [String: Int]

    package init(id: String, language: String? = nil, scores: [Float], relevance: [String: Int]) {
        self.id = id
        self.language = language
        self.scores = scores
        self.relevance = relevance
    }
}

/// Measures the queries of one set, one after another.
package struct RetrievalEvaluation: Sendable {
    /// The measures of one query.
    private struct Judged {
        let outcome: QueryOutcome
        let metrics: RankingMetrics
        /// What a random order gets.
        let chance: RankingMetrics
    }

    private var judged: [Judged] = []
    /// Queries without any judgement; like `pytrec_eval`, the means leave them out.
    package private(set) var unjudgedCount = 0
    /// The outcomes of the judged queries so far.
    package var outcomes: [QueryOutcome] { judged.map(\.outcome) }
    private let corpus: Corpus
    private let cutoffs: RankingCutoffs

    package init(corpus: Corpus, cutoffs: RankingCutoffs = .standard) {
        self.corpus = corpus
        self.cutoffs = cutoffs
    }

    /// Measures one query.
    ///
    /// - Throws: `EvaluationError.scoreCount`, `.notANumber`.
    package mutating func add(_ query: RankedQuery) throws {
        let ranking = try corpus.ranking(query.scores, count: cutoffs.deepest, query: query.id)
        guard !query.relevance.isEmpty else {
            unjudgedCount += 1
            return
        }
        let relevances = ranking.map { query.relevance[corpus.ids[$0]] ?? 0 }
        let grades = Array(query.relevance.values)
        let metrics = RankingMetrics(relevances: relevances, judged: grades, cutoffs: cutoffs)
        let chance = RankingMetrics.chance(
            documentCount: corpus.ids.count,
            relevances: query.relevance.filter { corpus.contains($0.key) }.map(\.value),
            judged: grades, cutoffs: cutoffs)
        let outcome = QueryOutcome(
            query: query.id, language: query.language, measures: metrics.named,
            best: listed(ranking, query), relevant: listed(relevant(to: query), query),
            stability: Self.stability(ranking.map { query.scores[$0] }, relevances))
        judged.append(Judged(outcome: outcome, metrics: metrics, chance: chance))
    }

    private func listed(_ places: [Int], _ query: RankedQuery) -> [ScoredCandidate] {
        places.prefix(QueryOutcome.listedCount).map {
            ScoredCandidate(id: corpus.ids[$0], score: query.scores[$0])
        }
    }

    /// The relevant documents of the corpus, the best scored first.
    private func relevant(to query: RankedQuery) -> [Int] {
        query.relevance.filter { $0.value > 0 }.compactMap { corpus.index(of: $0.key) }
            .sorted { (query.scores[$0], $1) > (query.scores[$1], $0) }
    }

    /// Looks for two documents of different relevance that are as near as rounding, the better one
    /// where the measures but recall look.
    private static func stability(
        _ scores: [Float], _ relevances: [Int]
    ) -> QueryOutcome.Stability {
        var found = QueryOutcome.Stability.stable
        for first in 0..<min(RankingCutoffs.reciprocalRank, scores.count) {
            for second in scores.indices.dropFirst(first + 1) {
                guard scores[first] - scores[second] <= QueryOutcome.Stability.margin else { break }
                guard relevances[first] != relevances[second] else { continue }
                if scores[first] == scores[second] { return .tied }
                found = .near
            }
        }
        return found
    }

    /// The means over all judged queries and over those of each language, with bootstrap intervals
    /// of the stream `random`.
    ///
    /// - Parameter set: what errors call the set.
    /// - Throws: `EvaluationError.noQueries`.
    package func score(set: String, random: RandomSource) throws -> RetrievalScore {
        guard !judged.isEmpty else { throw EvaluationError.noQueries(set: set) }
        var score = score(judged, random: random)
        let languages = Dictionary(grouping: judged.filter { $0.outcome.language != nil }) {
            $0.outcome.language ?? ""
        }
        score.byLanguage = languages.mapValues { self.score($0, random: random) }
        return score
    }

    private func score(_ judged: [Judged], random: RandomSource) -> RetrievalScore {
        var intervals: [String: ConfidenceInterval] = [:]
        for cutoff in cutoffs.ndcg {
            var random = random
            intervals["ndcg_at_\(cutoff)"] =
                ResampledMeans(of: judged.map { $0.metrics.ndcg[cutoff] ?? 0 }, random: &random)
                .interval
        }
        var score = RetrievalScore(
            metrics: .mean(judged.map(\.metrics)), chance: .mean(judged.map(\.chance)),
            intervals: intervals, queryCount: judged.count)
        score.stability = StabilityCount(judged.map(\.outcome))
        return score
    }
}
