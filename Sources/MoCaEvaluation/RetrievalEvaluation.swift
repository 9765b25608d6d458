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
    /// What one query got.
    package struct Outcome: Sendable {
        package let query: String
        package let language: String?
        package let metrics: RankingMetrics
        /// What a random order gets.
        package let chance: RankingMetrics
    }

    /// The outcomes so far.
    package private(set) var outcomes: [Outcome] = []
    /// Queries without any judgement; like `pytrec_eval`, the means leave them out.
    package private(set) var unjudgedCount = 0
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
        let judged = Array(query.relevance.values)
        let metrics = RankingMetrics(
            relevances: ranking.map { query.relevance[corpus.ids[$0]] ?? 0 }, judged: judged,
            cutoffs: cutoffs)
        let chance = RankingMetrics.chance(
            documentCount: corpus.ids.count,
            relevances: query.relevance.filter { corpus.contains($0.key) }.map(\.value),
            judged: judged, cutoffs: cutoffs)
        outcomes.append(
            Outcome(query: query.id, language: query.language, metrics: metrics, chance: chance))
    }

    /// The means over all judged queries and over those of each language, with bootstrap intervals
    /// of the stream `random`.
    ///
    /// - Parameter set: what errors call the set.
    /// - Throws: `EvaluationError.noQueries`.
    package func score(set: String, random: RandomSource) throws -> RetrievalScore {
        guard !outcomes.isEmpty else { throw EvaluationError.noQueries(set: set) }
        var score = score(outcomes, random: random)
        let languages = Dictionary(grouping: outcomes.filter { $0.language != nil }) {
            $0.language ?? ""
        }
        score.byLanguage = languages.mapValues { self.score($0, random: random) }
        return score
    }

    private func score(_ outcomes: [Outcome], random: RandomSource) -> RetrievalScore {
        var intervals: [String: ConfidenceInterval] = [:]
        for cutoff in cutoffs.ndcg {
            var random = random
            intervals["ndcg_at_\(cutoff)"] = ConfidenceInterval.bootstrapMean(
                outcomes.map { $0.metrics.ndcg[cutoff] ?? 0 }, random: &random)
        }
        return RetrievalScore(
            metrics: .mean(outcomes.map(\.metrics)), chance: .mean(outcomes.map(\.chance)),
            intervals: intervals, queryCount: outcomes.count)
    }
}
