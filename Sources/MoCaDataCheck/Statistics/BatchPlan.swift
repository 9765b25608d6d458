// The batches that training would make of the records.

package import MoCaData
package import MoCaTables

/// The batches of one epoch.
package struct BatchPlan: Sendable, Hashable, Encodable {
    /// The contribution of one subset.
    package struct Subset: Sendable, Hashable, Encodable {
        package var name: String
        package var records: Int
        /// The batches that the subset would fill alone (pre-training), or does fill (contrastive).
        package var batches: Double
    }

    package let subsets: [Subset]
    package let batches: Int
    /// The mean used fraction of the token budget; nil for batches of a number of pairs.
    package let fill: Double?
    /// The mean number of records in a batch.
    package let recordsPerBatch: Double
    /// The number of records that cost more than a whole batch; training refuses them.
    package let overBudget: Int
    /// The number of training steps, each of several batches; nil if a step is one batch.
    package let steps: Int?

    private enum CodingKeys: String, CodingKey {
        case subsets, batches, fill, steps
        case recordsPerBatch = "records_per_batch"
        case overBudget = "over_budget"
    }

    /// How training makes batches, apart from their size.
    package struct Rules: Sendable {
        package var mixture = Mixture.proportional
        package var packing = Packing.firstFit(window: Packing.defaultWindow)
        /// The largest cost of a record; `packing` by cost bins caps costs at it.
        package var costMax: Int?
        /// Whether each batch of pairs is drawn from one subset.
        package var isTaskHomogeneous = true
        /// The number of batches in a step.
        package var accumulation = 1
        /// Records that are never drawn.
        package var leftOut: Set<SampleID> = []
        package var seed: UInt64 = 0

        package init() {}

        fileprivate func steps(_ batches: Int) -> Int? {
            accumulation == 1 ? nil : (batches + accumulation - 1) / accumulation
        }
    }

    /// The batches by cost, drawn like the trainer's in its first epoch.
    ///
    /// - Throws: `DataError`.
    package init(
        _ statistics: DataStatistics, tokenBudget: Int, _ rules: Rules = Rules()
    ) throws {
        let filled = statistics.subsets.filter { !$0.counts.records.isEmpty }
        // A cost of 0 excludes a record.
        let pairs = filled.map { subset in
            (
                subset.name,
                subset.counts.records.enumerated().map { row, count in
                    let isLeftOut =
                        count.longest == 0
                        || rules.leftOut.contains(SampleID(subset: subset.name, row: row))
                    let cost = count.cost(statistics.prices)
                    return isLeftOut ? 0 : min(cost, rules.costMax ?? cost)
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
            shapes, tokenBudget: tokenBudget, packing: rules.packing, mixture: rules.mixture,
            seed: rules.seed
        ) { id in
            guard let cost = costs[id.subset]?[id.row], cost > 0, cost <= tokenBudget else {
                return nil
            }
            return (cost, cost)
        }
        // A cap limits the rows of an epoch.
        let usable = shapes.reduce(0) { sum, shape in
            let count = costs[shape.name]?.count { $0 > 0 && $0 <= tokenBudget } ?? 0
            return sum + min(count, rules.mixture.epochRows(of: shape))
        }
        let (count, drawn, sum) = try Self.draw(usable, from: stream)
        batches = count
        steps = rules.steps(count)
        fill = count == 0 ? 0 : Double(sum) / Double(count * tokenBudget)
        recordsPerBatch = count == 0 ? 0 : Double(drawn) / Double(count)
    }

    /// Draws `usable` records; returns the number of batches and records, and the records' cost.
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

    /// The batches of `size` pairs. If each is from one subset, the last one of a subset's epoch is
    /// completed with rows of the next epoch.
    package init(_ statistics: DataStatistics, size: Int, _ rules: Rules = Rules()) {
        var rowCount = 0
        subsets = statistics.subsets.map { subset in
            let count = subset.counts.records.count
            let leftOut = rules.leftOut.count { $0.subset == subset.name && $0.row < count }
            let shape = SubsetShape(name: subset.name, blockRows: [count - leftOut])
            let rows = rules.mixture.epochRows(of: shape)
            rowCount += rows
            let batches =
                rules.isTaskHomogeneous
                ? Double((rows + size - 1) / size) : Double(rows) / Double(size)
            return Subset(name: subset.name, records: count, batches: batches)
        }
        batches =
            rules.isTaskHomogeneous
            ? subsets.reduce(0) { $0 + Int($1.batches) } : (rowCount + size - 1) / size
        steps = rules.steps(batches)
        (fill, overBudget, recordsPerBatch) = (nil, 0, Double(size))
    }

    /// Throws where the trainer would: if a subset, or all subsets together where batches mix them,
    /// has fewer rows per epoch than a batch of `size` pairs.
    ///
    /// - Throws: `DataError.subsetTooSmall`.
    package static func requireEpoch(
        of size: Int, _ statistics: DataStatistics, _ rules: Rules
    ) throws {
        let shapes = statistics.subsets.map {
            SubsetShape(name: $0.name, blockRows: [$0.counts.records.count])
        }
        let stream = try TaskBatches<Int>(
            shapes, batchSize: rules.isTaskHomogeneous ? size : 1, mixture: rules.mixture,
            seed: rules.seed
        ) { _ in nil }
        if !rules.isTaskHomogeneous { try stream.requireEpoch(of: size) }
    }

    /// A summary in lines for people.
    package var lines: [String] {
        var lines = ["plan of an epoch: \(batches) batches of \(text(recordsPerBatch)) records"]
        if let fill { lines[0] += ", \(text(fill * 100)) % of the token budget used" }
        if let steps { lines[0] += ", \(steps) steps" }
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
