// Which measure stands for a set, and what readers call it: decided here and nowhere else.

import MoCaSettings

extension Scores {
    /// The measure that stands for a set: that of a published average that the set is in, else that of
    /// the mean over all sets where the set has it, else precision at 1 or nDCG@5.
    package func headline(of set: String) -> String {
        let score = sets[set]
        let named = groups.filter { $0.key != Self.meanOfAll && $0.value.sets.contains(set) }
            .sorted { $0.key < $1.key }.map(\.value.metric)
        let candidates = named + [groups[Self.meanOfAll]?.metric].compactMap { $0 }
        if let metric = candidates.first(where: { score?.value(of: $0) != nil }) { return metric }
        if case .precision = score { return PrecisionAtOne.measure }
        return "ndcg_at_5"
    }

    /// The group over whatever sets were scored, which no published average is.
    package static let meanOfAll = "mean"

    /// Why the scores compare with those of no whole set; nil where all of each set was scored.
    package var partReason: String? {
        if let part = settings["part"] { return "only a part of each set was scored (\(part))" }
        return settings["max_queries"].map {
            "only the first \($0) queries of each set were asked"
        }
    }

    /// What guessing gets in the mean over a group; nil where it is not known of every set.
    package func chance(of group: GroupScore) -> Double? {
        let values = group.sets.compactMap { sets[$0]?.chance(of: group.metric) }
        guard !values.isEmpty, values.count == group.sets.count, group.missing.isEmpty else {
            return nil
        }
        return values.reduce(0, +) / Double(values.count)
    }
}

extension SetScore {
    /// Queries that were asked and judged.
    package var queryCount: Int {
        switch self {
        case .precision(let score): score.queryCount
        case .retrieval(let score): score.queryCount
        }
    }

    /// How many of the outcomes hang on rounding, where it was counted.
    package var stability: StabilityCount? {
        switch self {
        case .precision(let score): score.stability
        case .retrieval(let score): score.stability
        }
    }
}

/// What readers call measures.
package enum MeasureTitle {
    private static let names = [
        "ndcg": "nDCG", "mrr": "MRR", "map": "MAP", "recall": "recall", "precision": "precision",
    ]

    /// `nDCG@10` for `ndcg_at_10`; a name of another form as it is.
    package static func of(_ measure: String) -> String {
        let parts = measure.split(separator: "_")
        guard parts.count == 3, parts[1] == "at", Int(parts[2]) != nil,
            let name = names[String(parts[0])]
        else { return measure }
        return "\(name)@\(parts[2])"
    }

    /// What measures say, a sentence each.
    package static func explanations(of measures: [String]) -> String {
        Set(measures).sorted().map { "\(of($0)): \(explanation(of: $0))." }.joined(separator: " ")
    }

    /// What a measure says, as the rest of a sentence.
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
