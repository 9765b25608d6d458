// Computes a retrieval set's score from its vectors.

package import MoCaCore
import MoCaSearch
package import MoCaVectors

/// A query and its relevance judgements.
package struct JudgedQuery: Sendable {
    /// The query's id.
    package var id: String
    /// The query's language, if the set declares it.
    package var language: String?
    /// The group shared by translations of the query; nil in sets without translations.
    package var group: String?
    /// The query's row in the matrix of vectors.
    package var row: Int
    /// The relevance of the judged documents, by id.
    package var relevance: [ExactText: Int]

    package init(
        id: String, language: String? = nil, group: String? = nil, row: Int,
        relevance: [ExactText: Int]
    ) {
        (self.id, self.language, self.group) = (id, language, group)
        (self.row, self.relevance) = (row, relevance)
    }
}

/// Ranks and measures the queries of one set.
///
///     var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: ids))
///     try evaluation.add(queries, in: matrix, documents: rows)
///     let score = try evaluation.score(set: "Bio", random: RandomSource(seed: 0))
package struct RetrievalEvaluation: Sendable {
    /// The measures of one query.
    private struct Judged {
        let outcome: QueryOutcome
        let metrics: RankingMetrics
        /// The expected measures of a random order.
        let chance: RankingMetrics
    }

    private var judged: [Judged] = []
    /// The outcomes of the judged queries so far.
    package var outcomes: [QueryOutcome] { judged.map(\.outcome) }
    private let corpus: Corpus
    private let cutoffs: RankingCutoffs
    /// The block sizes in queries and documents; they do not affect scores.
    package var blocks: (queries: Int, documents: Int)?
    /// Whether the document with the id of a query is left out of the query's ranking.
    package var ignoresIdenticalIDs = false

    package init(corpus: Corpus, cutoffs: RankingCutoffs = .standard) {
        self.corpus = corpus
        self.cutoffs = cutoffs
    }

    /// Measures queries. Queries without judgements are excluded, as in `pytrec_eval`.
    ///
    /// - Parameters:
    ///   - matrix: the vectors of queries and documents.
    ///   - rows: the matrix's row of each document, in the order in which the corpus was created.
    ///   - willCompute: called before each block; an error that it throws ends the search.
    /// - Throws: `EvaluationError.notFinite`, `TorchError`, errors of `willCompute`.
    package mutating func add(
        _ queries: [JudgedQuery], in matrix: VectorMatrix, documents rows: [Int],
        willCompute: () throws -> Void = {}
    ) throws {
        precondition(rows.count == corpus.ids.count, "a row a document")
        let asked = queries.filter { !$0.relevance.isEmpty }
        let wanted = asked.map { query in
            let own = ignoresIdenticalIDs ? corpus.place(of: ExactText(query.id)) : nil
            return ExactSearch.Query(
                row: query.row,
                marked: query.relevance.filter { $0.value > 0 }
                    .compactMap { corpus.place(of: $0.key) }.filter { $0 != own }.sorted(),
                excluded: own)
        }
        var search = ExactSearch(matrix: matrix, documents: corpus.sources.map { rows[$0] })
        if let blocks {
            (search.queryBlock, search.documentBlock) = (blocks.queries, blocks.documents)
        }
        do {
            // One more than is measured: a tie at the last cut-off decides which document is above
            // it.
            try search.forEach(wanted, count: cutoffs.deepest + 1, willCompute: willCompute) {
                let vectorCount = matrix.vectorCount(of: asked[$0].row)
                judged.append(judged(asked[$0], wanted[$0], $1, vectorCount: vectorCount))
            }
        } catch SearchError.scoreNotFinite(let query, let document) {
            throw EvaluationError.notFinite(
                query: asked[query].id, candidate: corpus.ids[document])
        }
    }

    /// - Parameter vectorCount: the number of the query's vectors.
    private func judged(
        _ query: JudgedQuery, _ wanted: ExactSearch.Query, _ found: ExactSearch.Found,
        vectorCount: Int
    ) -> Judged {
        let relevances = found.best.map { query.relevance[ExactText(corpus.ids[$0.row])] ?? 0 }
        let measured = Array(relevances.prefix(cutoffs.deepest))
        let grades = Array(query.relevance.values)
        let metrics = RankingMetrics(relevances: measured, judged: grades, cutoffs: cutoffs)
        let chance = RankingMetrics.chance(
            documentCount: corpus.ids.count - (wanted.excluded == nil ? 0 : 1),
            relevances: query.relevance.filter { id, _ in
                corpus.place(of: id).map { $0 != wanted.excluded } ?? false
            }.map(\.value),
            judged: grades, cutoffs: cutoffs)
        let right = zip(wanted.marked, found.marked).map { (row: $0, score: $1) }
            .sorted { ($0.score, $1.row) > ($1.score, $0.row) }
        let scores = found.best.map(\.score)
        var outcome = QueryOutcome(
            query: query.id, language: query.language, group: query.group,
            measures: metrics.named, best: listed(found.best), relevant: listed(right),
            stability: Self.stability(
                Array(scores.prefix(cutoffs.deepest)), relevances,
                gap: QueryOutcome.Stability.gap(vectorCount: vectorCount)))
        outcome.rankOfRelevant = found.place?.rank
        outcome.hasTies =
            found.place?.isTied == true || zip(scores, scores.dropFirst()).contains(where: ==)
        return Judged(outcome: outcome, metrics: metrics, chance: chance)
    }

    private func listed(_ rows: [TopK.Row]) -> [ScoredCandidate] {
        rows.prefix(QueryOutcome.listedCount).map {
            ScoredCandidate(id: corpus.ids[$0.row], score: $0.score)
        }
    }

    /// Checks for two documents of different relevance whose scores differ by no more than
    /// rounding, the better one above the cut-off of the measures other than recall.
    private static func stability(
        _ scores: [Float], _ relevances: [Int], gap: Float
    ) -> QueryOutcome.Stability {
        var found = QueryOutcome.Stability.stable
        for first in 0..<min(RankingCutoffs.reciprocalRank, scores.count) {
            for second in scores.indices.dropFirst(first + 1) {
                guard scores[first] - scores[second] <= gap else { break }
                guard relevances[first] != relevances[second] else { continue }
                if scores[first] == scores[second] { return .tied }
                found = .near
            }
        }
        return found
    }

    /// The means over all judged queries and over those of each language, with bootstrap intervals
    /// drawn from `random`.
    ///
    /// If queries have groups, the intervals of the set are drawn over whole groups: translations
    /// of one question are correlated, and drawing them independently would make intervals too
    /// narrow. Within a language single queries are drawn.
    ///
    /// - Parameter set: the name of the set in errors.
    /// - Throws: `EvaluationError.noQueries`.
    package func score(set: String, random: RandomSource) throws -> RetrievalScore {
        guard !judged.isEmpty else { throw EvaluationError.noQueries(set: set) }
        let units = outcomes.units
        var score = score(judged, units: units, random: random)
        score.bootstrap = BootstrapUnits(
            unit: units == nil ? .query : .translations, count: units?.count ?? judged.count,
            sampleCount: ResampledMeans.standardCount)
        let languages = Dictionary(grouping: judged.filter { $0.outcome.language != nil }) {
            $0.outcome.language ?? ""
        }
        score.byLanguage = languages.mapValues { self.score($0, units: nil, random: random) }
        return score
    }

    private func score(
        _ judged: [Judged], units: [[Int]]?, random: RandomSource
    ) -> RetrievalScore {
        var random = random
        let measures = judged.map(\.metrics.named)
        let names = measures.reduce(into: Set<String>()) { $0.formUnion($1.keys) }.sorted()
        let samples = ResampledMeans.draw(
            names.map { name in measures.map { $0[name] ?? 0 } }, units: units, random: &random)
        var score = RetrievalScore(
            metrics: .mean(judged.map(\.metrics)), chance: .mean(judged.map(\.chance)),
            intervals: Dictionary(
                uniqueKeysWithValues: zip(names, samples.map(\.interval))),
            queryCount: judged.count)
        score.stability = StabilityCount(judged.map(\.outcome))
        return score
    }
}
