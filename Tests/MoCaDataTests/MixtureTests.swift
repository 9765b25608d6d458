import Foundation
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct MixtureTests {
    private let shapes = [
        SubsetShape(name: "large", blockRows: [6400]), SubsetShape(name: "small", blockRows: [100]),
        SubsetShape(name: "middle", blockRows: [900]),
    ]

    private func shares(_ mixture: Mixture, draws: Int = 4000) throws -> [String: Double] {
        var batches = try TaskBatches(
            shapes, batchSize: 1, mixture: mixture, seed: 9
        ) { $0 }
        var counts: [String: Double] = [:]
        for _ in 0..<draws { counts[try batches.next().subset, default: 0] += 1 }
        return counts.mapValues { $0 / Double(draws) }
    }

    /// p_i ~ n_i^(1/T): square roots are 80, 10 and 30.
    @Test func aTemperatureFlattensTheSizes() throws {
        let found = try shares(Mixture(.temperature(2)))
        let roots: [String: Double] = ["large": 80, "small": 10, "middle": 30]
        for (name, root) in roots {
            let share = try #require(found[name])
            #expect(abs(share - root / 120) < 0.03, "\(name)")
        }
        let weights = try Mixture(.temperature(1)).weights(of: shapes)
        let plain: [Double] = [6400, 100, 900]
        #expect(weights == plain.map { $0 / 7400 })
        // Sizes are those that the cap leaves: 400, 100 and 400.
        let capped = try #require(try Mixture(.temperature(2), cap: 400).weights(of: shapes))
        for (one, other) in zip(capped, [0.4, 0.2, 0.4]) { #expect(abs(one - other) < 1e-12) }
        #expect(
            dataError { _ = try Mixture(.temperature(0)).weights(of: shapes) }
                == .badWeights(reason: "the temperature is 0.0"))
    }

    /// A cap takes so many rows an epoch, and the next epoch goes on with rows not seen yet.
    @Test func aCapBoundsASubsetsEpoch() throws {
        var batches = try TaskBatches(
            shapes, batchSize: 10, mixture: Mixture(.proportional, cap: 400), seed: 9
        ) { $0 }
        var rows: [[SampleID]] = []
        for epoch in 0..<3 {
            var ids: [SampleID] = []
            while batches.cursor.epoch == epoch { ids += try batches.next().ids }
            #expect(ids.count == 900)
            for name in ["large", "middle"] {
                #expect(ids.count { $0.subset == name } == 400)
            }
            rows.append(ids)
        }
        let large = rows.joined().filter { $0.subset == "large" }
        #expect(Set(large).count == 1200)
        #expect(batches.cursor.fractionalEpoch == 3)
        #expect(
            dataError {
                _ = try TaskBatches(
                    shapes, batchSize: 10, mixture: Mixture(.proportional, cap: 9), seed: 9
                ) { $0 }
            } == .subsetTooSmall(name: "large", rows: 9, batchSize: 10))
    }

    @Test func anotherCapIsAnotherPlan() throws {
        let cursor = try TaskBatches(shapes, batchSize: 10, seed: 9) { $0 }.cursor
        #expect(
            dataError {
                _ = try TaskBatches(
                    shapes, batchSize: 10, mixture: Mixture(.proportional, cap: 500), seed: 9,
                    cursor: cursor
                ) { $0 }
            } == .cursorMismatch(reason: "large had 6400 rows an epoch and has 500"))
    }

    @Test(arguments: TailPolicy.allCases)
    func roundRobinTakesTurnsAndResumes(tail: TailPolicy) throws {
        func stream(_ cursor: DataCursor? = nil) throws -> TaskBatches<SampleID> {
            try TaskBatches(
                shapes, batchSize: 30, tail: tail, mixture: Mixture(.roundRobin), seed: 2,
                cursor: cursor
            ) { $0 }
        }
        var whole = try stream()
        var names: [String] = []
        for _ in 0..<9 { names.append(try whole.next().subset) }
        #expect(
            names == ["large", "small", "middle", "large", "small", "middle", "large", "small"]
                + ["middle"])
        // The small one is through after three or four batches, and waits for the others.
        for _ in 0..<30 { names.append(try whole.next().subset) }
        #expect(names.count { $0 == "small" } == (tail == .drop ? 3 : 4))
        let data = try JSONEncoder().encode(whole.cursor)
        var again = try stream(JSONDecoder().decode(DataCursor.self, from: data))
        for _ in 0..<300 { #expect(try whole.next().ids == again.next().ids) }
        #expect(whole.cursor.epoch == 1)
    }

    @Test func roundRobinOfSamples() throws {
        var batches = try TokenBatches(
            shapes, tokenBudget: 30, packing: .firstFit(window: 3), mixture: Mixture(.roundRobin),
            seed: 2
        ) { ($0, 1) }
        let ids = try batches.next().ids
        for name in ["large", "small", "middle"] {
            #expect(ids.count { $0.subset == name } == 10)
        }
    }
}
