// The names of metrics in `scores.json`, which other programs read: `ndcg_at_5`, `precision_at_1`.

import Foundation

/// A metric of a query or of a set. Its raw value is its name in mteb.
package enum Metric: Sendable, Hashable {
    /// Whether the best candidate is right.
    case precisionAt1
    /// Mean reciprocal rank of the first relevant document, cut at rank 10.
    case mrrAt10
    /// Mean average precision, cut at rank 10.
    case mapAt10
    /// Normalised discounted cumulative gain, cut at a rank.
    case ndcg(at: Int)
    /// The fraction of the relevant documents above a rank.
    case recall(at: Int)
}

extension Metric: RawRepresentable {
    /// Creates a metric from its name; nil if the name is unknown.
    package init?(rawValue: String) {
        switch rawValue {
        case "precision_at_1": self = .precisionAt1
        case "mrr_at_10": self = .mrrAt10
        case "map_at_10": self = .mapAt10
        default:
            guard let place = rawValue.range(of: "_at_"),
                let cutoff = Int(rawValue[place.upperBound...])
            else { return nil }
            switch rawValue[..<place.lowerBound] {
            case "ndcg": self = .ndcg(at: cutoff)
            case "recall": self = .recall(at: cutoff)
            default: return nil
            }
        }
    }

    package var rawValue: String {
        switch self {
        case .precisionAt1: "precision_at_1"
        case .mrrAt10: "mrr_at_10"
        case .mapAt10: "map_at_10"
        case .ndcg(let cutoff): "ndcg_at_\(cutoff)"
        case .recall(let cutoff): "recall_at_\(cutoff)"
        }
    }
}
