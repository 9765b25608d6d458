// Distributions of counts, for people and for programs.

import Foundation
import MoCaCore

/// A summary of the counts of some records.
package struct StatisticsSummary: Sendable, Hashable, Encodable {
    package let name: String
    package let records: Int
    /// The number of records that could not be counted, and the reason for the first one.
    package let failed: Int
    package let firstFailure: String?
    /// Whether all counts came from the cache.
    package let cached: Bool
    /// Text tokens per record, like the next three distributions.
    package let textTokens: Distribution
    package let imageTokens: Distribution
    package let images: Distribution
    package let cost: Distribution
    /// Tokens per content: a record is one content, a pair has a query, a positive and negatives.
    package let contentTokens: Distribution
    /// Pixels of the longer and shorter side per distinct image, before any resizing.
    package let longerSides: Distribution
    package let shorterSides: Distribution

    private enum CodingKeys: String, CodingKey {
        case name, records, failed, cached, images, cost
        case firstFailure = "first_failure"
        case textTokens = "text_tokens"
        case imageTokens = "image_tokens"
        case contentTokens = "content_tokens"
        case longerSides = "longer_sides"
        case shorterSides = "shorter_sides"
    }

    init(_ name: String, _ subsets: [DataStatistics.Subset], prices: TokenPrices) {
        self.name = name
        let counts = subsets.map(\.counts)
        let counted = counts.flatMap { $0.records.filter { $0.longest > 0 } }
        records = counts.reduce(0) { $0 + $1.records.count }
        failed = counts.reduce(0) { $0 + $1.failures.count }
        firstFailure = counts.lazy.compactMap(\.failures.first).first
        cached = subsets.allSatisfy(\.isCached)
        textTokens = Distribution(counted.map(\.text))
        imageTokens = Distribution(counted.map(\.image))
        images = Distribution(counted.map(\.images))
        cost = Distribution(counted.map { $0.cost(prices) })
        contentTokens = Distribution(counts.flatMap { $0.lengths.map(Int.init) })
        let stamps = counts.flatMap(\.images)
        longerSides = Distribution(stamps.map { max($0.width, $0.height) })
        shorterSides = Distribution(stamps.map { min($0.width, $0.height) })
    }

    /// The distributions by name; empty ones are omitted.
    package var distributions: [(name: String, values: Distribution)] {
        [
            ("text tokens", textTokens), ("image tokens", imageTokens), ("images", images),
            ("cost", cost), ("tokens of a content", contentTokens),
            ("longer side", longerSides), ("shorter side", shorterSides),
        ].filter { $0.1.max > 0 }
    }

    /// A table, and with `histograms` the histograms of costs and of contents.
    package func lines(histograms: Bool) -> [String] {
        let origin = cached ? " (counts from the cache)" : ""
        var lines = ["\(name): \(NumberText.counted(records, "record"))\(origin)"]
        if failed > 0 {
            lines.append(
                "  \(failed) could not be counted; the first: \(firstFailure ?? "")")
        }
        let header = ["count", "sum", "min", "p5", "p25", "p50", "p75", "p95", "p99", "max"]
        lines.append("  " + Self.row("", header))
        for (name, values) in distributions {
            let cells = [
                values.count, values.sum, values.min, values.p5, values.p25, values.p50,
                values.p75, values.p95, values.p99, values.max,
            ]
            lines.append("  " + Self.row(name, cells.map(String.init)))
        }
        guard histograms else { return lines }
        for (name, values) in [("cost of a record", cost), ("tokens of a content", contentTokens)] {
            lines.append("  \(name):")
            lines += values.lines().map { "    \($0)" }
        }
        return lines
    }

    private static func row(_ name: String, _ cells: [String]) -> String {
        let padded = cells.enumerated().map { index, cell in
            let width = index == 1 ? 13 : index == 0 ? 10 : 7
            return String(repeating: " ", count: max(1, width - cell.count)) + cell
        }
        return name + String(repeating: " ", count: max(0, 20 - name.count)) + padded.joined()
    }
}

extension DataStatistics {
    /// The summary of each subset.
    package var summaries: [StatisticsSummary] {
        subsets.map { StatisticsSummary($0.name, [$0], prices: prices) }
    }

    /// The summary of all subsets together.
    package var total: StatisticsSummary {
        StatisticsSummary("all", subsets, prices: prices)
    }
}
