// The keys of `scores.json`, which other programs read: `ndcg_at_5`, `precision_at_1`, ...

import Foundation

extension RankingMetrics {
    /// The measures by the names that mteb gives them.
    package var named: [String: Double] {
        var values = ["mrr_at_10": mrrAt10, "map_at_10": mapAt10]
        for (cutoff, value) in ndcg { values["ndcg_at_\(cutoff)"] = value }
        for (cutoff, value) in recall { values["recall_at_\(cutoff)"] = value }
        return values
    }
}

/// A key whose text is known at run time only.
private struct MetricKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }

    static let correctCount = MetricKey("num_correct")
    static let queryCount = MetricKey("num_queries")
    static let precision = MetricKey(PrecisionAtOne.measure)
    static let stability = MetricKey("stability")
    static let intervals = MetricKey("intervals")
    static let chance = MetricKey("chance")
    static let duplicateOfRightCount = MetricKey("num_duplicate_of_right")
    static let judgements = MetricKey("judgements")
    static let bootstrap = MetricKey("bootstrap")
    static let byLanguage = MetricKey("by_language")
}

extension SetScore: Codable {
    /// Reads a score of either kind: the one with `num_correct` is a precision.
    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: MetricKey.self)
        self =
            keys.contains(.correctCount)
            ? .precision(try PrecisionScore(from: decoder))
            : .retrieval(try RetrievalScore(from: decoder))
    }

    /// Writes the score of either kind.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .precision(let score): try score.encode(to: encoder)
        case .retrieval(let score): try score.encode(to: encoder)
        }
    }
}

extension PrecisionScore: Codable {
    /// Reads the counts; precision and interval follow from them.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: MetricKey.self)
        correctCount = try values.decode(Int.self, forKey: .correctCount)
        queryCount = try values.decode(Int.self, forKey: .queryCount)
        chance = try values.decodeIfPresent([String: Double].self, forKey: .chance)?[
            MetricKey.precision.stringValue]
        stability = try values.decodeIfPresent(StabilityCount.self, forKey: .stability)
        duplicateOfRightCount = try values.decodeIfPresent(
            Int.self, forKey: .duplicateOfRightCount)
        guard queryCount > 0, (0...queryCount).contains(correctCount) else {
            throw DecodingError.dataCorruptedError(
                forKey: .correctCount, in: values,
                debugDescription: "\(correctCount) of \(queryCount) is no share")
        }
    }

    /// Writes counts, precision, interval and chance.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: MetricKey.self)
        try values.encode(precision, forKey: .precision)
        try values.encode(correctCount, forKey: .correctCount)
        try values.encode(queryCount, forKey: .queryCount)
        let name = MetricKey.precision.stringValue
        try values.encode([name: interval], forKey: .intervals)
        try values.encodeIfPresent(chance.map { [name: $0] }, forKey: .chance)
        try values.encodeIfPresent(stability, forKey: .stability)
        try values.encodeIfPresent(duplicateOfRightCount, forKey: .duplicateOfRightCount)
    }
}

extension RetrievalScore: Codable {
    /// Reads all measures with `_at_` in their names.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: MetricKey.self)
        var named: [String: Double] = [:]
        for key in values.allKeys where key.stringValue.contains("_at_") {
            named[key.stringValue] = try values.decode(Double.self, forKey: key)
        }
        metrics = RankingMetrics(named: named)
        chance = try values.decodeIfPresent([String: Double].self, forKey: .chance)
            .map(RankingMetrics.init(named:))
        intervals =
            try values.decodeIfPresent([String: ConfidenceInterval].self, forKey: .intervals) ?? [:]
        queryCount = try values.decode(Int.self, forKey: .queryCount)
        stability = try values.decodeIfPresent(StabilityCount.self, forKey: .stability)
        judgements = try values.decodeIfPresent(JudgementCount.self, forKey: .judgements)
        bootstrap = try values.decodeIfPresent(BootstrapUnits.self, forKey: .bootstrap)
        byLanguage =
            try values.decodeIfPresent([String: RetrievalScore].self, forKey: .byLanguage) ?? [:]
    }

    /// Writes the measures beside counts, intervals, chance and languages.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: MetricKey.self)
        for (name, value) in metrics.named { try values.encode(value, forKey: MetricKey(name)) }
        try values.encode(queryCount, forKey: .queryCount)
        try values.encodeIfPresent(chance?.named, forKey: .chance)
        try values.encodeIfPresent(stability, forKey: .stability)
        try values.encodeIfPresent(judgements, forKey: .judgements)
        try values.encodeIfPresent(bootstrap, forKey: .bootstrap)
        if !intervals.isEmpty { try values.encode(intervals, forKey: .intervals) }
        if !byLanguage.isEmpty { try values.encode(byLanguage, forKey: .byLanguage) }
    }
}

extension RankingMetrics {
    /// The measures of `named`; one that is missing is 0.
    fileprivate init(named: [String: Double]) {
        self.init(
            ndcg: [:], recall: [:], mrrAt10: named["mrr_at_10"] ?? 0,
            mapAt10: named["map_at_10"] ?? 0)
        for (name, value) in named {
            guard let cutoff = name.split(separator: "_").last.flatMap({ Int($0) }) else {
                continue
            }
            if name.hasPrefix("ndcg_at_") { ndcg[cutoff] = value }
            if name.hasPrefix("recall_at_") { recall[cutoff] = value }
        }
    }
}
