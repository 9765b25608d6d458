import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// How evenly the work of batches is divided among processes.
@Suite struct BalanceTests {
    /// The work of each process over some steps.
    private struct Balance: CustomStringConvertible {
        /// The largest difference of a process's cost over all steps from the mean, relative to it.
        var sum: Double
        /// The cost of the process with the most work in a step, relative to the mean of the step;
        /// the mean over the steps.
        var step: Double

        /// - Parameter costs: The cost of each process in each step.
        init(_ costs: [[Int]]) {
            let ranks = costs[0].indices
            let sums = ranks.map { rank in Double(costs.reduce(0) { $0 + $1[rank] }) }
            let mean = sums.reduce(0, +) / Double(ranks.count)
            sum = sums.map { abs($0 / mean - 1) }.max() ?? 0
            let slowest = costs.map { step in
                Double((step.max() ?? 0) * ranks.count) / Double(step.reduce(0, +))
            }
            step = slowest.reduce(0, +) / Double(slowest.count)
        }

        var description: String {
            "a process's cost is up to \(sum) from the mean; the slowest of a step has \(step) of it"
        }
    }

    private static let stepCount = 50

    private func slices(_ ranks: Int) -> [RankSlice] {
        (0..<ranks).map { RankSlice(rank: $0, of: ranks) }
    }

    /// The balance of steps, each of which has several batches.
    private func balance(_ steps: [[TokenBatch<SampleID>]], ranks: Int) -> Balance {
        let slices = slices(ranks)
        return Balance(
            steps.enumerated().map { turn, step in
                slices.map { slice in
                    slice.slices(of: step, turn: turn).reduce(0) { $0 + $1.costs.reduce(0, +) }
                }
            })
    }

    private func steps(
        _ batches: inout TokenBatches<SampleID>, ofParts count: Int
    ) throws -> [[TokenBatch<SampleID>]] {
        try (0..<Self.stepCount).map { _ in try (0..<count).map { _ in try batches.next() } }
    }

    // MARK: Pre-training

    /// The text tokens of the example data, about, and MoCa's cost of its smallest images.
    private static func cost(_ content: Content) -> Int {
        content.segments.reduce(1) { sum, segment in
            switch segment {
            case .text(let text): sum + min(text.utf8.count / 4, 2048)
            case .image: sum + 4 * 256 + 2
            }
        }
    }

    /// Steps of MoCa's size on the example data: a cost of 12,800 in each of four parts.
    @Test(arguments: [2, 4, 8])
    func stepsOfTheExampleDataAreBalanced(ranks: Int) throws {
        let folders = ["captions", "doc_pages", "text"].map {
            Repository.exampleData.appending(path: "cpt/\($0)")
        }
        let catalog = try Catalog<PretrainSample>(
            folders: folders, images: ImageStore(root: Repository.exampleImages))
        var batches = try TokenBatches(catalog.shapes, tokenBudget: 12_800, seed: 42) { id in
            (id, Self.cost(try catalog.sample(id).content))
        }
        let balance = balance(try steps(&batches, ofParts: 4), ranks: ranks)
        #expect(balance.sum <= 0.05 && balance.step <= 1.1, "\(ranks) ranks: \(balance)")
    }

    /// The same with the costs of a larger set; in the last case a part has samples of one cost.
    @Test(arguments: [Packing.firstFit(window: Packing.defaultWindow), .costBins], [2, 4, 8])
    func stepsOfRealCostsAreBalanced(packing: Packing, ranks: Int) throws {
        var batches = try realCosts(packing)
        let steps = try steps(&batches, ofParts: 4)
        let balance = balance(steps, ranks: ranks)
        let limit = packing == .costBins ? 1.1 : 1.02
        #expect(balance.sum <= 0.05 && balance.step <= limit, "\(ranks) ranks: \(balance)")
        guard packing != .costBins, ranks == 8 else { return }
        // Each part by itself has fewer costly samples than there are processes.
        let apart = Balance(
            steps.map { step in
                slices(ranks).map { slice in
                    step.reduce(0) { $0 + slice.slices(of: [$1], turn: 0)[0].costs.reduce(0, +) }
                }
            })
        #expect(apart.sum > 0.5 && apart.step > 1.5, "\(ranks) ranks: \(apart)")
    }

    /// The costs of `scripts/fixtures/batches.py`.
    private func realCosts(_ packing: Packing) throws -> TokenBatches<SampleID> {
        let file = Repository.fixtures.appending(path: "batches/costs.json")
        let costs = try JSONDecoder().decode([String: [Int]].self, from: Data(contentsOf: file))
        let shapes = costs.keys.sorted().map { name in
            SubsetShape(name: name, blockRows: [costs[name]?.count ?? 0])
        }
        return try TokenBatches(shapes, tokenBudget: 12_800, packing: packing, seed: 3) { id in
            let cost = costs[id.subset]?[id.row] ?? 0
            return (id, packing == .costBins ? min(cost, 1280) : cost)
        }
    }

    // MARK: Fine-tuning

    /// Texts of the example data: processes wait for each other in every batch.
    @Test(arguments: [2, 4, 8])
    func contrastiveBatchesAreBalanced(ranks: Int) throws {
        let catalog = try Catalog<ContrastiveSample>(
            folders: [Repository.exampleData.appending(path: "mmeb-train/WordNet_def2word")],
            images: ImageStore(root: Repository.exampleImages))
        var batches = try TaskBatches(catalog.shapes, batchSize: 64, seed: 42) { id in
            try catalog.sample(id)
        }
        let cost = { (sample: ContrastiveSample) in
            ([sample.query, sample.positive] + sample.negatives).reduce(0) {
                $0 + Self.cost($1)
            }
        }
        let all = try (0..<Self.stepCount).map { _ in try batches.next().items }
        let slices = slices(ranks)
        typealias Batch = [ContrastiveSample]
        func balance(_ slice: (Int, Batch, RankSlice) -> Batch) -> Balance {
            Balance(
                all.enumerated().map { turn, batch in
                    slices.map { slice(turn, batch, $0).reduce(0) { $0 + cost($1) } }
                })
        }
        let balanced = balance { $1.slice($2, turn: $0, cost: cost) }
        // Every N-th sample, whatever its cost.
        let plain = balance { _, batch, slice in
            stride(from: slice.rank, to: batch.count, by: slice.worldSize).map { batch[$0] }
        }
        #expect(balanced.sum <= 0.05 && balanced.step <= 1.05, "\(ranks) ranks: \(balanced)")
        #expect(balanced.step <= plain.step, "\(ranks) ranks: \(balanced) against \(plain)")
    }

    // MARK: Slices

    @Test(arguments: 1...5)
    func slicesOfAStepMakeUpItsBatches(ranks: Int) {
        let step = [[5, 1, 9, 9], [], [7], [2, 2, 2]]
        for turn in [0, 1, 7, -3] {
            let places = slices(ranks).map { $0.places(balancing: step, turn: turn) }
            for (batch, costs) in step.enumerated() {
                let found = places.flatMap { $0[batch] }.sorted()
                #expect(found == Array(costs.indices))
                #expect(places.allSatisfy { $0[batch] == $0[batch].sorted() })
            }
        }
    }

    /// The costliest sample goes round.
    @Test func turnsDecideWhoBegins() {
        let owners = (0..<6).map { turn in
            slices(3).firstIndex { $0.places(balancing: [[1], [4]], turn: turn)[1] == [0] }
        }
        #expect(owners == [0, 1, 2, 0, 1, 2])
        // Work of a step is balanced over its batches, not within each.
        let places = slices(2).map { $0.places(balancing: [[4, 1], [3]]) }
        #expect(places == [[[0], []], [[1], [0]]])
    }
}
