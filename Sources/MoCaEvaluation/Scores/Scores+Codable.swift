// The keys of `scores.json`, which other programs read: `ndcg_at_5`, `precision_at_1`, ...

import Foundation

extension RankingMetrics {
    /// The values of all metrics.
    package var values: [Metric: Double] {
        var values: [Metric: Double] = [.mrrAt10: mrrAt10, .mapAt10: mapAt10]
        for (cutoff, value) in ndcg { values[.ndcg(at: cutoff)] = value }
        for (cutoff, value) in recall { values[.recall(at: cutoff)] = value }
        return values
    }

    /// The values of all metrics by their names in mteb.
    package var named: [String: Double] {
        Dictionary(uniqueKeysWithValues: values.map { ($0.rawValue, $1) })
    }

    /// Creates metrics from values; missing values are 0.
    fileprivate init(_ values: [Metric: Double]) {
        self.init(
            ndcg: [:], recall: [:], mrrAt10: values[.mrrAt10] ?? 0, mapAt10: values[.mapAt10] ?? 0)
        for (metric, value) in values {
            switch metric {
            case .ndcg(let cutoff): ndcg[cutoff] = value
            case .recall(let cutoff): recall[cutoff] = value
            case .precisionAt1, .mrrAt10, .mapAt10: break
            }
        }
    }
}

/// A key whose text is only known at run time.
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
    /// Reads a score of either type: a score with `num_correct` is a precision.
    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: MetricKey.self)
        self =
            keys.contains(.correctCount)
            ? .precision(try PrecisionScore(from: decoder))
            : .retrieval(try RetrievalScore(from: decoder))
    }

    /// Writes a score of either type.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .precision(let score): try score.encode(to: encoder)
        case .retrieval(let score): try score.encode(to: encoder)
        }
    }
}

extension PrecisionScore: Codable {
    /// Reads the counts; precision and interval are derived from them.
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
    /// Reads all metrics by their names.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: MetricKey.self)
        var found: [Metric: Double] = [:]
        for key in values.allKeys {
            guard let metric = Metric(rawValue: key.stringValue) else { continue }
            found[metric] = try values.decode(Double.self, forKey: key)
        }
        metrics = RankingMetrics(found)
        let chance = try values.decodeIfPresent([String: Double].self, forKey: .chance)
        self.chance = chance.map { named in
            let pairs = named.compactMap { name, value in
                Metric(rawValue: name).map { ($0, value) }
            }
            return RankingMetrics(Dictionary(uniqueKeysWithValues: pairs))
        }
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
        for (metric, value) in metrics.values {
            try values.encode(value, forKey: MetricKey(metric.rawValue))
        }
        try values.encode(queryCount, forKey: .queryCount)
        try values.encodeIfPresent(chance?.named, forKey: .chance)
        try values.encodeIfPresent(stability, forKey: .stability)
        try values.encodeIfPresent(judgements, forKey: .judgements)
        try values.encodeIfPresent(bootstrap, forKey: .bootstrap)
        if !intervals.isEmpty { try values.encode(intervals, forKey: .intervals) }
        if !byLanguage.isEmpty { try values.encode(byLanguage, forKey: .byLanguage) }
    }
}
