// The report `mining.json`: how a subset's negatives were found, and their counts.

import Foundation
package import MoCaData
package import MoCaVectors

/// The result of mining one subset.
package struct MiningReport: Sendable, Hashable, Codable {
    static let fileName = "mining.json"

    /// The subset's name.
    package var subset: String
    /// The folder or file that the subset was read from.
    package var source: String
    package var model: ModelIdentity
    package var settings: MiningSettings
    /// The last rank that was considered.
    package var rangeEnd: Int
    package var counts = Counts()
    /// Counts of queries with fewer negatives than requested, by reason; a query may have several.
    package var fewerBecause: [String: Int] = [:]
    /// The number of candidates removed by each filter.
    package var removed: [String: Int] = [:]
    package var scores = ScoreSummaries()
    /// Records that could not be embedded and are not in the output; nil if there are none.
    package var failed: [QuarantinedRecord]?

    private enum CodingKeys: String, CodingKey {
        case subset, source, model, settings, counts, removed, scores, failed
        case rangeEnd = "range_end"
        case fewerBecause = "fewer_because"
    }

    /// Counts of records, queries, documents and negatives.
    package struct Counts: Sendable, Hashable, Codable {
        /// The number of rows read and written.
        package var records = 0
        /// The number of distinct queries.
        package var queries = 0
        /// The number of distinct positives, which are the candidate negatives.
        package var documents = 0
        /// The number of distinct pairs of a query and its positive.
        package var pairs = 0
        /// The number of negatives over all queries.
        package var negatives = 0
        /// The number of queries with as many negatives as requested.
        package var complete = 0
        /// The number of queries with at least one, but fewer than requested.
        package var fewer = 0
        /// The number of queries without negatives.
        package var without = 0
        /// The number of rows whose own negatives were replaced.
        package var replaced = 0
        /// The number of rows excluded by a quarantine; nil if there are none.
        package var quarantined: Int?
    }

    /// Summaries of cosines.
    package struct ScoreSummaries: Sendable, Hashable, Codable {
        /// The cosines of queries with their positives.
        package var positive: ScoreSummary?
        /// The cosines of queries with their negatives.
        package var negative: ScoreSummary?
        /// The differences between each query's lowest positive and its negatives.
        package var difference: ScoreSummary?
    }
}

/// The mean, standard deviation and percentiles of scores.
package struct ScoreSummary: Sendable, Hashable, Codable {
    package var count: Int
    package var mean: Double
    /// The sample standard deviation; 0 for a single score.
    package var deviation: Double
    package var least: Double
    package var percentile5: Double
    package var percentile25: Double
    package var median: Double
    package var percentile75: Double
    package var percentile95: Double
    package var greatest: Double

    private enum CodingKeys: String, CodingKey {
        case count, mean, median
        case deviation = "std"
        case least = "min"
        case greatest = "max"
        case percentile5 = "p5"
        case percentile25 = "p25"
        case percentile75 = "p75"
        case percentile95 = "p95"
    }

    /// Summarises scores; nil if there are none.
    init?(_ scores: [Float]) {
        guard !scores.isEmpty else { return nil }
        let sorted = scores.sorted()
        let total = scores.reduce(0) { $0 + Double($1) }
        let mean = total / Double(scores.count)
        let squares = scores.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        // Interpolates linearly, as torch.quantile and numpy do.
        func quantile(_ share: Double) -> Double {
            let place = share * Double(sorted.count - 1)
            let (low, high) = (Int(place), min(Int(place) + 1, sorted.count - 1))
            let part = place - Double(low)
            return Double(sorted[low]) * (1 - part) + Double(sorted[high]) * part
        }
        (count, self.mean) = (scores.count, mean)
        deviation = scores.count > 1 ? (squares / Double(scores.count - 1)).squareRoot() : 0
        (least, greatest, median) = (quantile(0), quantile(1), quantile(0.5))
        (percentile5, percentile25) = (quantile(0.05), quantile(0.25))
        (percentile75, percentile95) = (quantile(0.75), quantile(0.95))
    }
}

extension MiningReport {
    /// Reads the report of a mined folder.
    ///
    /// - Throws: `SearchError.damagedReport`.
    init(in folder: URL) throws(SearchError) {
        let file = folder.appending(path: Self.fileName)
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch {
            throw .damagedReport(file: file.path)
        }
    }

    /// Checks that another run would give the same result.
    ///
    /// - Throws: `SearchError.otherSettings`.
    func require(_ other: MiningReport, records: Int, in folder: URL) throws(SearchError) {
        var names: [String] = []
        if model.fingerprint != other.model.fingerprint { names.append("model") }
        if settings != other.settings { names.append("setting of mining") }
        if source != other.source { names.append("source") }
        if counts.quarantined != other.counts.quarantined { names.append("quarantine") }
        let leftOut = (counts.quarantined ?? 0) + (failed?.count ?? 0)
        if counts.records + leftOut != records { names.append("number of records") }
        guard names.isEmpty else { throw .otherSettings(folder: folder.path, names: names) }
    }
}
