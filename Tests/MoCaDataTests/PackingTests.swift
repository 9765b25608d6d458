import Foundation
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Batches by cost: real costs of real records (scripts/fixtures/batches.py).
@Suite struct PackingTests {
    private static let folder = fixtures.deletingLastPathComponent()
        .appendingPathComponent("batches")

    private struct Bins: Decodable {
        var ends: [Int]
        var sizes: [Int]
        var bin_of_cost: [Int]
    }

    private func read<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(
            type, from: Data(contentsOf: Self.folder.appendingPathComponent(name)))
    }

    private func stream(
        _ packing: Packing, budget: Int, workers: Int = 2, cursor: DataCursor? = nil
    ) throws -> TokenBatches<SampleID> {
        let costs = try read("costs.json", as: [String: [Int]].self)
        let shapes = costs.keys.sorted().map { name in
            let rows = costs[name]?.count ?? 0
            return SubsetShape(name: name, blockRows: [rows / 2, rows - rows / 2])
        }
        let isClipped = packing == .costBins
        var stream = try TokenBatches(
            shapes, tokenBudget: budget, packing: packing, seed: 3, cursor: cursor
        ) { id in
            let cost = costs[id.subset]?[id.row] ?? 0
            return (id, isClipped ? min(cost, 1280) : cost)
        }
        stream.workers = workers
        return stream
    }

    @Test(arguments: [6144, 12_800, 51_200])
    func batchesOfRealCostsAreFull(budget: Int) throws {
        var batches = try stream(.firstFit(window: Packing.defaultWindow), budget: budget)
        var (used, offered, worst) = (0, 0, 1.0)
        while batches.cursor.epoch < 1 {
            let batch = try batches.next()
            let sum = batch.costs.reduce(0, +)
            #expect(sum <= budget)
            used += sum
            offered += budget
            worst = min(worst, Double(sum) / Double(budget))
        }
        #expect(Double(used) / Double(offered) >= 0.99)
        #expect(worst >= 0.97)
    }

    /// What was drawn is what came and what waits, each as often as its position says.
    @Test(arguments: [Packing.firstFit(window: 1), .firstFit(window: 64), .costBins])
    func noSampleIsLostOrRepeated(packing: Packing) throws {
        var batches = try stream(packing, budget: 12_800)
        var counts: [SampleID: Int] = [:]
        for _ in 0..<1500 {
            let ids = try batches.next().ids
            #expect(Set(ids).count == ids.count)
            for id in ids { counts[id, default: 0] += 1 }
        }
        let cursor = batches.cursor
        #expect(cursor.epoch >= 1)
        for place in cursor.waiting {
            let id = SampleID(subset: cursor.subsets[place.subset].name, row: place.row)
            counts[id, default: 0] += 1
        }
        for subset in cursor.subsets {
            let (epochs, more) = subset.position.quotientAndRemainder(dividingBy: subset.rowCount)
            let drawn = counts.filter { $0.key.subset == subset.name }
            #expect(drawn.values.reduce(0, +) == subset.position)
            #expect(drawn.values.count { $0 == epochs + 1 } == more)
            #expect(drawn.values.allSatisfy { $0 == epochs || $0 == epochs + 1 })
        }
    }

    @Test(arguments: [Packing.firstFit(window: 64), .costBins])
    func theCursorRestoresTheWindowWhateverTheWorkers(packing: Packing) throws {
        var whole = try stream(packing, budget: 12_800, workers: 1)
        for _ in 0..<40 { _ = try whole.next() }
        let data = try JSONEncoder().encode(whole.cursor)
        #expect(data.count < 32 << 10)
        let cursor = try JSONDecoder().decode(DataCursor.self, from: data)
        #expect(cursor == whole.cursor)
        var again = try stream(packing, budget: 12_800, workers: 2, cursor: cursor)
        for _ in 0..<40 {
            let (one, other) = (try whole.next(), try again.next())
            #expect(one.ids == other.ids)
            #expect(one.costs == other.costs)
            #expect(whole.cursor == again.cursor)
        }
    }

    @Test func binsAndBatchSizesAreTheReferences() throws {
        for (budget, expected) in try read("bins.json", as: [String: Bins].self) {
            let bins = CostBins(budget: try #require(Int(budget)))
            #expect(bins.thresholds == expected.ends)
            #expect(bins.thresholds.indices.map { bins.batchSize(ofBin: $0) } == expected.sizes)
            for (index, bin) in expected.bin_of_cost.enumerated() {
                #expect(bins.bin(ofCost: index + 1) == bin)
            }
        }
    }

    @Test func everyBatchIsOfOneBinAndItsSize() throws {
        let bins = CostBins(budget: 12_800)
        var batches = try stream(.costBins, budget: 12_800)
        while batches.cursor.epoch < 1 {
            let batch = try batches.next()
            let found = Set(batch.costs.map { bins.bin(ofCost: $0) })
            #expect(found.count == 1)
            #expect(batch.ids.count == bins.batchSize(ofBin: try #require(found.first)))
        }
    }

    /// A bin with fewer samples than a batch has gives them all, and none twice.
    @Test func aSmallBinIsNotFilledUp() throws {
        let shape = SubsetShape(name: "s", blockRows: [5])
        var batches = try TokenBatches([shape], tokenBudget: 320, packing: .costBins, seed: 1) {
            ($0, $0.row == 0 ? 200 : 20)
        }
        var counts = [Int](repeating: 0, count: 5)
        for _ in 0..<40 {
            let ids = try batches.next().ids
            #expect(Set(ids).count == ids.count)
            for id in ids { counts[id.row] += 1 }
        }
        #expect(counts.allSatisfy { $0 >= 15 })
    }

    @Test(arguments: 1...3)
    func ranksShareEveryBatchWithoutRepeats(worldSize: Int) throws {
        let slices = (0..<worldSize).map { RankSlice(rank: $0, of: worldSize) }
        let bins = CostBins(budget: 12_800)
        for packing in [Packing.firstFit(window: 64), .costBins] {
            var batches = try stream(packing, budget: 12_800)
            for _ in 0..<50 {
                let whole = try batches.next()
                let parts = slices.map { $0.slices(of: [whole], turn: 0)[0] }
                #expect(parts.flatMap(\.ids).count == whole.ids.count)
                #expect(Set(parts.flatMap(\.ids)) == Set(whole.ids))
                #expect(parts.flatMap(\.items).count == whole.items.count)
                let sums = parts.map { $0.costs.reduce(0, +) }
                #expect((sums.max() ?? 0) - (sums.min() ?? 0) <= whole.costs.max() ?? 0)
                guard packing == .costBins else { continue }
                #expect(Set(parts.flatMap(\.costs).map { bins.bin(ofCost: $0) }).count == 1)
            }
        }
        let shape = SubsetShape(name: "s", blockRows: [40])
        var tasks = try TaskBatches(
            [shape, SubsetShape(name: "t", blockRows: [9])], batchSize: 7, seed: 1
        ) { $0 }
        for _ in 0..<20 {
            let whole = try tasks.next()
            let parts = slices.map { whole.ids.slice($0, turn: 0) { _ in 1 } }
            #expect(Set(parts.joined()) == Set(whole.ids))
            #expect(parts.joined().count == whole.ids.count)
        }
        // Fewer samples than processes: some get none.
        #expect(RankSlice(rank: 2, of: 3).places(balancing: [[1, 1]])[0].isEmpty)
        #expect(RankSlice(rank: 2, of: 3).places(balancing: [[4, 4]])[0].isEmpty)
    }
}
