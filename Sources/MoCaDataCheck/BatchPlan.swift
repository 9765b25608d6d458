// How the records would be batched.

package import MoCaData

/// The batches of one epoch.
package struct BatchPlan: Sendable, Hashable, Encodable {
    /// One subset's share.
    package struct Subset: Sendable, Hashable, Encodable {
        package var name: String
        package var records: Int
        /// Whole batches that it would fill alone (pre-training), or does (contrastive).
        package var batches: Double
    }

    package let subsets: [Subset]
    package let batches: Int
    /// Mean share of the token budget that a batch uses; nil for batches of a number of pairs.
    package let fill: Double?
    /// Records of a batch, on average.
    package let recordsPerBatch: Double
    /// Records that cost more than a whole batch: training refuses them.
    package let overBudget: Int

    private enum CodingKeys: String, CodingKey {
        case subsets, batches, fill
        case recordsPerBatch = "records_per_batch"
        case overBudget = "over_budget"
    }

    /// Batches by cost, drawn as the trainer draws them in its first epoch.
    ///
    /// - Throws: `DataError`.
    package init(
        _ statistics: DataStatistics, tokenBudget: Int, mixture: Mixture = .proportional,
        seed: UInt64 = 0
    ) throws {
        let filled = statistics.subsets.filter { !$0.counts.records.isEmpty }
        // 0 leaves a record out.
        let pairs = filled.map { subset in
            (
                subset.name,
                subset.counts.records.map {
                    $0.longest == 0 ? 0 : $0.cost(statistics.prices)
                }
            )
        }
        let costs = Dictionary(uniqueKeysWithValues: pairs)
        overBudget = costs.values.reduce(0) { $0 + $1.count { $0 > tokenBudget } }
        subsets = pairs.map { name, costs in
            Subset(
                name: name, records: costs.count,
                batches: Double(costs.reduce(0, +)) / Double(tokenBudget))
        }
        let shapes = try filled.map { subset in
            SubsetShape(name: subset.name, blockRows: try Self.blockRows(subset))
        }
        let stream = try TokenBatches<Int>(
            shapes, tokenBudget: tokenBudget, mixture: mixture, seed: seed
        ) { id in
            guard let cost = costs[id.subset]?[id.row], cost > 0, cost <= tokenBudget else {
                return nil
            }
            return (cost, cost)
        }
        let usable = costs.values.reduce(0) { sum, costs in
            sum + costs.count { $0 > 0 && $0 <= tokenBudget }
        }
        let (count, drawn, sum) = try Self.draw(usable, from: stream)
        batches = count
        fill = count == 0 ? 0 : Double(sum) / Double(count * tokenBudget)
        recordsPerBatch = count == 0 ? 0 : Double(drawn) / Double(count)
    }

    /// Draws until `usable` records have come: batches, records, and what these cost.
    private static func draw(
        _ usable: Int, from batches: TokenBatches<Int>
    ) throws -> (batches: Int, records: Int, cost: Int) {
        var (stream, count, drawn, sum) = (batches, 0, 0, 0)
        while drawn < usable {
            let batch = try stream.next()
            count += 1
            drawn += batch.ids.count
            sum += batch.costs.reduce(0, +)
        }
        return (count, drawn, sum)
    }

    private static func blockRows(_ subset: DataStatistics.Subset) throws -> [Int] {
        try dataFiles(in: subset.folder).flatMap { try openRecordFile($0).blockRows }
    }

    /// Batches of `size` pairs of one subset each; the last one of a subset's epoch is completed
    /// with rows of the next.
    package init(_ statistics: DataStatistics, size: Int) {
        subsets = statistics.subsets.map { subset in
            let rows = subset.counts.records.count
            return Subset(
                name: subset.name, records: rows, batches: Double((rows + size - 1) / size))
        }
        batches = subsets.reduce(0) { $0 + Int($1.batches) }
        (fill, overBudget, recordsPerBatch) = (nil, 0, Double(size))
    }

    /// Lines for people.
    package var lines: [String] {
        var lines = ["plan of an epoch: \(batches) batches of \(text(recordsPerBatch)) records"]
        if let fill { lines[0] += ", \(text(fill * 100)) % of the token budget used" }
        if overBudget > 0 {
            lines.append("  \(overBudget) records cost more than a batch: training refuses them")
        }
        return lines + subsets.map { "  \($0.name): \(text($0.batches)) batches" }
    }

    private func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
