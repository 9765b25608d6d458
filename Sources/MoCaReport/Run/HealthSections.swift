// The health of embeddings: how similar they are, and which negatives are hardest.

import MoCaRunLog

extension RunSections {
    private static let measures: [(name: String, value: @Sendable (HealthRow) -> Double?)] = [
        ("positive above all negatives", { $0.accuracy }),
        ("negatives far above the positive", { $0.falseNegativeRate }),
        ("alignment (lower is closer)", { $0.alignment }),
        ("uniformity (lower is more even)", { $0.uniformity }),
        ("modality gap", { $0.modalityGap }), ("directions used", { $0.effectiveRank }),
        ("cosine of two queries", { $0.queryCosine }),
        ("cosine of two documents", { $0.documentCosine }),
    ]

    /// Histograms, measures and hardest negatives of one run.
    func healthSections(_ run: RunFolder, _ lookup: Lookup) throws -> [ReportSection] {
        let tasks = Set(run.health.map(\.task)).sorted()
        guard !tasks.isEmpty else { return [] }
        let histograms = tasks.map { task in
            SimilarityChart(task, rows: run.health.filter { $0.task == task })
        }
        let charts = Self.measures.compactMap { name, value -> LossChart? in
            let curves = tasks.compactMap { task -> Curve? in
                let points = run.health.filter { $0.task == task }.compactMap { row in
                    value(row).map { Curve.Point(step: row.step, value: $0) }
                }
                return points.isEmpty ? nil : Curve(task, points: points)
            }
            return curves.isEmpty ? nil : LossChart(curves: curves, valueName: name)
        }
        let cards = try tasks.flatMap { try hardestCards($0, run, lookup) }
        var sections = [
            ReportSection(
                "Similarities as training goes\(suffix(run))",
                lead: "Cosines of queries with their positives (filled) and with all other "
                    + "candidates (outlined), the first step at the top. The further apart, the "
                    + "better the task is learnt.", histograms),
            ReportSection(
                "Health of the embeddings\(suffix(run))",
                lead: "Alignment: mean squared distance of query and positive; uniformity: how "
                    + "evenly vectors spread (Wang and Isola 2020); modality gap: distance of the "
                    + "centres of inputs with and without pictures (Liang and others 2022). Where "
                    + "two vectors of one kind have a cosine near 1, they have collapsed.",
                charts),
        ]
        if !cards.isEmpty {
            sections.append(
                ReportSection(
                    "Hardest negatives\(suffix(run))",
                    lead: "What was most similar to a query, beside its positive, when a task was "
                        + "last looked at. A negative that answers the query is a false one.",
                    cards))
        }
        return sections
    }

    private static let cardCount = 3

    /// Cards of the hardest negatives in a task's last row.
    private func hardestCards(
        _ task: String, _ run: RunFolder, _ lookup: Lookup
    ) throws -> [QueryCard] {
        guard let row = run.health.last(where: { $0.task == task }) else { return [] }
        return try row.hardest.prefix(Self.cardCount).compactMap { pair in
            let sides = [
                RecordSide(record: pair.query, document: nil),
                RecordSide(record: pair.query, document: 0),
                RecordSide(record: pair.owner, document: pair.negative),
            ]
            let contents = try sides.compactMap { try lookup(run, $0) }
            guard contents.count == sides.count else { return nil }
            let results = [
                QueryCard.Result(contents[1], score: pair.positive, isRight: true),
                QueryCard.Result(contents[2], score: pair.similarity, isRight: false),
            ]
            return QueryCard(
                contents[0], note: "\(pair.query), step \(row.step)",
                results: results.sorted { $0.score > $1.score })
        }
    }
}
