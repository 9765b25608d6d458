// The only place that chooses the headline measure of a set and the display names of measures.

import MoCaSettings

extension Scores {
    /// The headline measure of a set: the measure of a published average that contains the set,
    /// else of the mean over all sets if the set has it, else precision at 1 or nDCG@5.
    package func headline(of set: String) -> String {
        let score = sets[set]
        let named = groups.filter { $0.key != Self.meanOfAll && $0.value.sets.contains(set) }
            .sorted { $0.key < $1.key }.map(\.value.metric)
        let candidates = named + [groups[Self.meanOfAll]?.metric].compactMap { $0 }
        if let metric = candidates.first(where: { score?.value(of: $0) != nil }) { return metric }
        if case .precision = score { return PrecisionAtOne.measure }
        return "ndcg_at_5"
    }

    /// The group of all scored sets, which is not a published average.
    package static let meanOfAll = "mean"

    /// Why the scores are not comparable with those of whole sets; nil if all of each set was
    /// scored.
    package var partReason: String? {
        if let part = settings["part"] { return "only a part of each set was scored (\(part))" }
        return settings["max_queries"].map {
            "only the first \($0) queries of each set were scored"
        }
    }

    /// The mean chance level over a group; nil unless it is known for every set.
    package func chance(of group: GroupScore) -> Double? {
        let values = group.sets.compactMap { sets[$0]?.chance(of: group.metric) }
        guard !values.isEmpty, values.count == group.sets.count, group.missing.isEmpty else {
            return nil
        }
        return values.reduce(0, +) / Double(values.count)
    }
}

extension SetScore {
    /// The number of evaluated queries with judgements.
    package var queryCount: Int {
        switch self {
        case .precision(let score): score.queryCount
        case .retrieval(let score): score.queryCount
        }
    }

    /// The number of outcomes that depend on rounding, if counted.
    package var stability: StabilityCount? {
        switch self {
        case .precision(let score): score.stability
        case .retrieval(let score): score.stability
        }
    }
}

/// Display names of measures.
package enum MeasureTitle {
    private static let names = [
        "ndcg": "nDCG", "mrr": "MRR", "map": "MAP", "recall": "recall", "precision": "precision",
    ]

    /// Returns `nDCG@10` for `ndcg_at_10`; names of another form are returned unchanged.
    package static func of(_ measure: String) -> String {
        let parts = measure.split(separator: "_")
        guard parts.count == 3, parts[1] == "at", Int(parts[2]) != nil,
            let name = names[String(parts[0])]
        else { return measure }
        return "\(name)@\(parts[2])"
    }

    /// Explanations of measures, one sentence each.
    package static func explanations(of measures: [String]) -> String {
        Set(measures).sorted().map { "\(of($0)): \(explanation(of: $0))." }.joined(separator: " ")
    }

    /// The explanation of a measure, as the rest of a sentence.
    private static func explanation(of measure: String) -> String {
        let parts = measure.split(separator: "_")
        let cutoff = parts.last ?? ""
        switch parts.first {
        case "precision": return "the share of queries whose best candidate is the right one"
        case "ndcg":
            return "the relevant documents among the best \(cutoff), weighted by rank and grade"
        case "recall": return "the share of relevant documents among the best \(cutoff)"
        case "mrr": return "1 / rank of the first relevant document, 0 below rank \(cutoff)"
        case "map": return "the mean precision at the ranks of the relevant documents"
        default: return measure
        }
    }
}
