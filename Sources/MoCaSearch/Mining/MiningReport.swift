// `mining.json`: how a subset's negatives were found, and how many there are.

import Foundation
package import MoCaData
package import MoCaVectors

/// What was mined of one subset.
package struct MiningReport: Sendable, Hashable, Codable {
    static let fileName = "mining.json"

    /// The subset's name.
    package var subset: String
    /// The folder or file that it was read from.
    package var source: String
    package var model: ModelIdentity
    package var settings: MiningSettings
    /// The last rank that was looked at.
    package var rangeEnd: Int
    package var counts = Counts()
    /// Queries with fewer negatives than asked, by reason; a query may have several.
    package var fewerBecause: [String: Int] = [:]
    /// Candidates that each filter removed.
    package var removed: [String: Int] = [:]
    package var scores = ScoreSummaries()
    /// Records that could not be embedded and are not in the output; nil where there is none.
    package var failed: [QuarantinedRecord]?

    private enum CodingKeys: String, CodingKey {
        case subset, source, model, settings, counts, removed, scores, failed
        case rangeEnd = "range_end"
        case fewerBecause = "fewer_because"
    }

    /// How many there are of what.
    package struct Counts: Sendable, Hashable, Codable {
        /// Rows read and written.
        package var records = 0
        /// Distinct queries.
        package var queries = 0
        /// Distinct positives: the documents that negatives are taken from.
        package var documents = 0
        /// Distinct pairs of a query and its positive.
        package var pairs = 0
        /// Negatives of all queries.
        package var negatives = 0
        /// Queries with as many negatives as asked.
        package var complete = 0
        /// Queries with fewer, but some.
        package var fewer = 0
        /// Queries without any.
        package var without = 0
        /// Rows whose own negatives were replaced.
        package var replaced = 0
        /// Rows that a quarantine names, which are not in the output; nil where there is none.
        package var quarantined: Int?
    }

    /// Cosines.
    package struct ScoreSummaries: Sendable, Hashable, Codable {
        /// Of each query and each of its positives.
        package var positive: ScoreSummary?
        /// Of each query and each of its negatives.
        package var negative: ScoreSummary?
        /// How far each negative lies below its query's lowest positive.
        package var difference: ScoreSummary?
    }
}

/// Mean, spread and percentiles of scores.
package struct ScoreSummary: Sendable, Hashable, Codable {
    package var count: Int
    package var mean: Double
    /// The standard deviation of a sample; 0 of one score.
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

    /// nil of no scores.
    init?(_ scores: [Float]) {
        guard !scores.isEmpty else { return nil }
        let sorted = scores.sorted()
        let total = scores.reduce(0) { $0 + Double($1) }
        let mean = total / Double(scores.count)
        let squares = scores.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        // Between neighbours by their distance, as torch.quantile and numpy do it.
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
    /// Reads the report of a folder that was mined.
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

    /// Demands that another run would give the same.
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
