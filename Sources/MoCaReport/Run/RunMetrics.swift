// The logged steps of a run as curves.

package import MoCaRunLog

/// The rows of a run's `metrics.jsonl`, and a curve for each quantity in them.
package struct RunMetrics: Sendable {
    /// A quantity that is logged at every step.
    package enum Quantity: Sendable, Hashable {
        /// A figure or a loss term by its name in `metrics.jsonl`.
        case figure(String)
        /// An evaluation score by its name without `eval/`.
        case score(String)
        /// The loss of a subset.
        case subsetLoss(String)
        /// A loss term of a subset.
        case subsetTerm(term: String, subset: String)

        /// The name that quantities are sorted by.
        var name: String {
            switch self {
            case .figure(let name), .score(let name), .subsetLoss(let name): name
            case .subsetTerm(let term, let subset): "\(term)/\(subset)"
            }
        }
    }

    /// The rows in the order of the file.
    package let rows: [MetricsRow]
    private let points: [Quantity: [Curve.Point]]

    /// Creates the curves of rows.
    package init(_ rows: [MetricsRow]) {
        self.rows = rows
        var points: [Quantity: [Curve.Point]] = [:]
        for row in rows {
            for (quantity, value) in Self.values(of: row) {
                points[quantity, default: []].append(Curve.Point(step: row.step, value: value))
            }
        }
        // Every row has all counts; one that stays 0 carries no information.
        let counts = Set(
            rows.flatMap(\.figures).compactMap { figure -> Quantity? in
                guard case .integer = figure.number else { return nil }
                return .figure(figure.name)
            })
        self.points = points.filter { quantity, points in
            points.contains { $0.value.isFinite && !(counts.contains(quantity) && $0.value == 0) }
        }
    }

    /// The quantities that are finite in at least one row, without counts that stay 0, sorted by
    /// name.
    package var quantities: [Quantity] { points.keys.sorted { $0.name < $1.name } }

    /// The curve of a quantity, called `name`; nil if there is no such quantity.
    package func curve(_ quantity: Quantity, as name: String) -> Curve? {
        points[quantity].map { Curve(name, points: $0) }
    }

    private static func values(of row: MetricsRow) -> [(quantity: Quantity, value: Double)] {
        let figures = row.figures.filter { row.scores[$0.name] == nil }.map {
            (Quantity.figure($0.name), $0.number.value)
        }
        let scores = row.scores.map {
            (Quantity.score(String($0.key.dropFirst(MetricsRow.scorePrefix.count))), $0.value)
        }
        let losses = row.subsetLosses.map { (Quantity.subsetLoss($0.key), $0.value) }
        let terms = row.subsetTerms.flatMap { subset, terms in
            terms.filter { $0.value.count > 0 }.map { term, share in
                (
                    Quantity.subsetTerm(term: term, subset: subset),
                    (share.sum ?? .nan) / Double(share.count)
                )
            }
        }
        return figures + scores + losses + terms
    }
}
