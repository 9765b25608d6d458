// Mines the negatives of one subset and their statistics.

import MoCaCore

/// Searches and selects negatives, and adds the counts to the report.
struct SubsetMining {
    /// The negatives of all queries, concatenated in query order.
    private var documents: [Int32] = []
    /// The start offset of each query's documents, and the end.
    private var starts = [0]

    /// - Parameter willCompute: called before each block; an error that it throws ends the search.
    /// - Throws: `TorchError`, `SearchError.scoreNotFinite`, errors of `willCompute`.
    init(
        _ table: MiningPairs, _ search: ExactSearch, _ report: inout MiningReport,
        willCompute: () throws -> Void
    ) throws {
        let settings = report.settings
        let positivesMax = table.rowsOfAQueryMax
        report.rangeEnd = settings.rangeEnd(positivesMax: positivesMax)
        // All positives of a query may rank before its candidates.
        let reach = min(report.rangeEnd + positivesMax, table.documentRows.count)
        let select = NegativeSelection(settings, rangeEnd: report.rangeEnd)
        let positives = table.positives
        var figures = MiningFigures(
            settings, isCorpusLarger: table.documentRows.count > reach)
        let queries = zip(table.queryRows, positives).map {
            ExactSearch.Query(row: $0, marked: $1)
        }
        try search.forEach(queries, count: reach, willCompute: willCompute) { query, found in
            let scores = found.marked
            var random = RandomSource(
                seed: settings.seed, name: "mine/\(report.subset)/\(query)")
            let outcome = select(
                found.best, positives: Set(positives[query]),
                lowestPositive: scores.min() ?? -.infinity, using: &random)
            documents += outcome.negatives.map { Int32($0.row) }
            starts.append(documents.count)
            figures.add(outcome, positives: scores)
        }
        let quarantined = report.counts.quarantined
        figures.write(to: &report)
        report.counts.quarantined = quarantined
        report.counts.records = table.queries.count
        report.counts.documents = table.documentRows.count
        report.counts.replaced = table.rowsWithNegatives
    }

    /// The negative documents of a query, best first.
    func negatives(ofQuery query: Int) -> [Int] {
        documents[starts[query]..<starts[query + 1]].map(Int.init)
    }
}

/// Accumulates counts and scores over queries.
struct MiningFigures {
    private let settings: MiningSettings
    /// Whether the corpus has more documents than were considered.
    private let isCorpusLarger: Bool
    private var counts = MiningReport.Counts()
    private var removed: [MiningFilter: Int] = [:]
    private var reasons: [String: Int] = [:]
    private var positives: [Float] = []
    private var negatives: [Float] = []
    private var differences: [Float] = []

    init(_ settings: MiningSettings, isCorpusLarger: Bool) {
        (self.settings, self.isCorpusLarger) = (settings, isCorpusLarger)
    }

    /// Adds the result of a query.
    mutating func add(_ outcome: NegativeSelection.Outcome, positives scores: [Float]) {
        let lowest = scores.min() ?? 0
        counts.queries += 1
        counts.pairs += scores.count
        counts.negatives += outcome.negatives.count
        positives += scores
        negatives += outcome.negatives.map(\.score)
        differences += outcome.negatives.map { lowest - $0.score }
        removed.merge(outcome.removed, uniquingKeysWith: +)
        switch outcome.negatives.count {
        case settings.negatives...: counts.complete += 1
        case 0: counts.without += 1
        default: counts.fewer += 1
        }
        if outcome.negatives.count < settings.negatives {
            for reason in self.reasons(of: outcome) { reasons[reason, default: 0] += 1 }
        }
    }

    /// The reasons why a query has fewer negatives than requested.
    private func reasons(of outcome: NegativeSelection.Outcome) -> [String] {
        var reasons = outcome.removed.keys.map(\.rawValue)
        if isCorpusLarger {
            // The filters rejected more candidates than the range allows for.
            reasons.append("range_max")
        } else if outcome.candidateCount < settings.rangeMin + settings.negatives {
            reasons.append("corpus_too_small")
        }
        return reasons
    }

    /// Writes the counts and scores to a report.
    func write(to report: inout MiningReport) {
        report.counts = counts
        report.fewerBecause = reasons
        report.removed = Dictionary(
            uniqueKeysWithValues: removed.map { ($0.key.rawValue, $0.value) })
        report.scores = .init(
            positive: ScoreSummary(positives), negative: ScoreSummary(negatives),
            difference: ScoreSummary(differences))
    }
}
