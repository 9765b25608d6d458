// One set of an evaluation: its errors, and what caused the matches.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaSearch
import MoCaVectors

/// The report section of one evaluated set.
struct EvaluatedSetPage {
    private let name: String
    private let measure: String
    private let outcomes: [QueryOutcome]
    private let shown: InputPreviews
    private let maker: HeatMapMaker?

    private static let worstCount = 5
    private static let confusionCount = 5
    private static let hubCount = 10

    /// - Parameter maker: draws heat maps; nil omits them.
    init(
        _ name: String, measure: String, outcomes: [QueryOutcome], source: EvaluatedData?,
        pictures: ReportPictures, maker: HeatMapMaker?
    ) {
        (self.name, self.measure, self.outcomes) = (name, measure, outcomes)
        self.maker = maker
        shown = InputPreviews(
            source, set: name, pictures: pictures,
            inputs: outcomes.map { (query: $0.query, input: $0.input) })
    }

    /// - Throws: `ReportError`, and the errors of the model.
    func section() async throws -> ReportSection {
        let title = MeasureTitle.of(measure)
        let worst = outcomes.worst(by: measure, count: Self.worstCount)
        let below = outcomes.count { ($0.measures[measure] ?? 0) < 1 }
        var parts = [
            ReportSection(
                "Worst queries",
                lead: worst.isEmpty
                    ? "Every query has the highest \(title)."
                    : "\(worst.count) of \(below) queries with a \(title) below 1: of the lowest "
                        + "value, and of these the ones in which a wrong answer beats the right "
                        + "one by most. Similarities stand below.",
                try worst.map(card))
        ]
        parts += [try confusions(), hubs(), try await heatMaps(worst)].compactMap { $0 }
        return ReportSection(name, lead: shown.problem, parts)
    }

    private func card(_ outcome: QueryOutcome) throws -> QueryCard {
        let right = Set(outcome.relevant.map(\.id))
        var results = try outcome.best.map {
            try result($0, of: outcome, isRight: right.contains($0.id))
        }
        let listed = Set(outcome.best.map(\.id))
        for candidate in outcome.relevant where !listed.contains(candidate.id) {
            var result = try result(candidate, of: outcome, isRight: true)
            // The first relevant candidate has the best rank.
            result.place =
                candidate == outcome.relevant.first
                ? outcome.rankOfRelevant.map { .rank($0) } ?? .below : .below
            results.append(result)
        }
        let value = NumberText.percent(outcome.measures[measure] ?? 0)
        return QueryCard(
            try shown.query(outcome.query),
            note: "\(outcome.query), \(MeasureTitle.of(measure)) \(value)", results: results,
            rightRank: outcome.rankOfRelevant)
    }

    private func result(
        _ candidate: ScoredCandidate, of outcome: QueryOutcome, isRight: Bool
    ) throws -> QueryCard.Result {
        QueryCard.Result(
            try shown.candidate(candidate.id, of: outcome.query), score: Double(candidate.score),
            isRight: isRight)
    }

    // MARK: Patterns

    private func confusions() throws -> ReportSection? {
        let confusions = shown.confusions(outcomes, count: Self.confusionCount)
        guard !confusions.isEmpty else { return nil }
        let cards = try confusions.map { confusion in
            var card = try card(confusion.example)
            card.note =
                "\(confusion.example.query), one of \(confusion.count) alike, of "
                + "\(confusion.queryCount) queries with this right answer"
            card.results = card.results.enumerated().filter { $0.offset == 0 || $0.element.isRight }
                .map { index, result in
                    var result = result
                    if result.place == .listed { result.place = .rank(index + 1) }
                    return result
                }
            card.statement = "taken for the first one"
            return card
        }
        return ReportSection(
            "Confusions",
            lead: "Right answers that were taken for the same wrong one, the most frequent first, "
                + "each with an example.", cards)
    }

    private func hubs() -> ReportSection? {
        // Candidate ids of MMEB are indices within a query, so they cannot be counted across
        // queries.
        guard shown.isRetrieval else { return nil }
        let hubs = outcomes.hubs(count: Self.hubCount)
        guard !hubs.isEmpty else { return nil }
        let rows = hubs.map { hub in
            let examples = hub.queries.prefix(3).map { shown.text(ofQuery: $0) }
            let text = shown.text(ofDocument: hub.document, query: hub.queries[0])
            return [
                text.isEmpty ? hub.document : "\(hub.document): \(text)", "\(hub.queries.count)",
                examples.joined(separator: " / "),
            ]
        }
        return ReportSection(
            "Documents that draw wrong queries",
            lead: "First for several queries that they are no answer of.",
            ReportTable(["Document", "queries", "such as"], rows: rows))
    }

    // MARK: Heat-maps

    private func heatMaps(_ worst: [QueryOutcome]) async throws -> ReportSection? {
        guard let maker else { return nil }
        var maps: [HeatMap] = []
        do {
            for outcome in outcomes.clearest(count: 1) {
                maps += try await map(
                    "answered rightly", outcome, outcome.best.first, "Right answer", maker)
            }
            // The first result may be relevant while other relevant documents rank too low.
            for outcome in worst.filter({ !$0.isRight }).prefix(1) {
                maps += try await map(
                    "answered wrongly", outcome, outcome.best.first, "First of the ranking", maker)
                maps += try await map(
                    "what was right", outcome, outcome.relevant.first, "Right answer", maker)
            }
        } catch let error as any UserFacingError {
            return ReportSection(
                "Which tokens made the match",
                [RunSentence("Not shown: \(error.oneLine).")])
        }
        guard !maps.isEmpty else { return nil }
        return ReportSection(
            "Which tokens made the match", lead: HeatMap.explanation, maps)
    }

    private func map(
        _ verdict: String, _ outcome: QueryOutcome, _ candidate: ScoredCandidate?,
        _ name: String, _ maker: HeatMapMaker
    ) async throws -> [HeatMap] {
        guard let candidate, let query = shown.input(ofQuery: outcome.query),
            let other = shown.input(of: candidate.id, query: outcome.query)
        else { return [] }
        return [
            try await maker.map(
                "\(outcome.query), \(verdict)", ("Query", query), (name, other))
        ]
    }
}
