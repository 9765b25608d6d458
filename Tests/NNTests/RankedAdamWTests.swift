// Updates over several ranks, with replicated and with sharded states, beside those of one process.

import Foundation
import MoCaRankSupport
import Testing
import Torch

@testable import NN

@Suite struct RankedAdamWTests {
    private static let shapes = [[7], [3, 5], [], [200, 3], [64], [1000]]

    /// Equal parameters on every rank, of all types that are trained.
    private func parameters(_ dtype: DType) -> [(key: String, tensor: Tensor)] {
        Self.shapes.enumerated().map { index, shape in
            let count = shape.reduce(1, *)
            let values = (0..<count).map { Float(sin(Double($0 + 31 * index)) * 0.1) }
            let tensor = Tensor(values, shape: shape).to(dtype)
            tensor.setRequiresGradient(true)
            return ("layer.\(index).weight", tensor)
        }
    }

    /// The gradient of a rank at a step; nil for a parameter that it did not use.
    private func gradient(
        _ tensor: Tensor, _ index: Int, rank: Int, step: Int
    ) -> Tensor? {
        guard (index + rank + step) % 4 != 0, index != 4 else { return nil }
        let values = (0..<tensor.count).map { Float(cos(Double($0 * (rank + 2) + step + index))) }
        return Tensor(values, shape: tensor.shape).to(tensor.dtype)
    }

    private func settings() throws -> AdamW.Settings {
        var settings = AdamW.Settings(weightDecay: 0.1)
        settings.averageDecay = 0.9
        let match = try #require(KeyPattern("layer.1"))
        settings.groups = [.init(match: match, learningRateScale: 3, weightDecay: 0)]
        return settings
    }

    private struct Outcome: Equatable {
        var weights: [[Float]] = []
        var averages: [[Float]] = []
        var norms: [Double] = []
    }

    private func train(
        _ collectives: any Collectives, _ dtype: DType, _ sharding: RankedAdamW.Sharding,
        steps: Range<Int> = 0..<4, resuming files: [OptimizerStateFile]? = nil,
        from weights: [[Float]]? = nil
    ) throws -> (Outcome, OptimizerStateFile) {
        let parameters = parameters(dtype)
        if let weights {
            for (index, (_, tensor)) in parameters.enumerated() {
                tensor.assign(Tensor(weights[index], shape: tensor.shape).to(dtype))
            }
        }
        let optimizer = RankedAdamW(
            parameters, settings: try settings(), undecayed: ["layer.2.weight"], over: collectives,
            sharding: sharding)
        if let files { try optimizer.restore(files, path: "checkpoint") }
        var outcome = Outcome()
        for step in steps {
            for (index, (_, tensor)) in parameters.enumerated() {
                tensor.setGradient(
                    gradient(tensor, index, rank: collectives.rank, step: step))
            }
            let norm = optimizer.reduceGradients()
            outcome.norms.append(norm)
            optimizer.step(
                learningRate: 0.01, gradientFactor: GradientClipping.factor(norm: norm, maxNorm: 1))
            optimizer.clearGradients()
        }
        outcome.weights = parameters.map { $0.tensor.array(Float.self) }
        outcome.averages = try optimizer.withAverages {
            parameters.map { $0.tensor.array(Float.self) }
        }
        #expect(outcome.weights == parameters.map { $0.tensor.array(Float.self) })
        return (outcome, optimizer.state)
    }

    @Test(arguments: [2, 3, 4], [DType.float32, .bfloat16])
    func shardedStatesHaveTheBitsOfReplicatedOnes(worldSize: Int, dtype: DType) throws {
        let plain = try ThreadRank.run(worldSize) { try self.train($0, dtype, .none).0 }
        let sharded = try ThreadRank.run(worldSize) { try self.train($0, dtype, .states).0 }
        for outcome in plain + sharded { #expect(outcome == plain[0]) }
        #expect(plain[0].weights != parameters(dtype).map { $0.tensor.array(Float.self) })
    }

    /// The sums of gradients over ranks are those of one process that adds them itself.
    @Test(arguments: [2, 3])
    func ranksUpdateAsOneProcess(worldSize: Int) throws {
        let parameters = parameters(.float32)
        let optimizer = RankedAdamW(
            parameters, settings: try settings(), undecayed: ["layer.2.weight"])
        var norms: [Double] = []
        for step in 0..<4 {
            for (index, (_, tensor)) in parameters.enumerated() {
                let all = (0..<worldSize).compactMap {
                    gradient(tensor, index, rank: $0, step: step)
                }
                tensor.setGradient(all.isEmpty ? nil : all.dropFirst().reduce(all[0], +))
            }
            norms.append(optimizer.reduceGradients())
            optimizer.step(
                learningRate: 0.01,
                gradientFactor: GradientClipping.factor(norm: norms[step], maxNorm: 1))
            optimizer.clearGradients()
        }
        let ranks = try ThreadRank.run(worldSize) { try self.train($0, .float32, .states).0 }
        for (norm, expected) in zip(ranks[0].norms, norms) {
            #expect(abs(norm - expected) <= 1e-6 * expected)
        }
        for (index, (_, tensor)) in parameters.enumerated() {
            for (value, expected) in zip(ranks[0].weights[index], tensor.array(Float.self)) {
                #expect(abs(value - expected) <= 1e-6)
            }
        }
        // Unused on all ranks: not even decayed.
        #expect(ranks[0].weights[4] == self.parameters(.float32)[4].tensor.array(Float.self))
    }

    /// Two steps, a checkpoint, two more steps with another number of ranks.
    @Test(arguments: [(2, 1), (2, 3), (3, 2), (1, 2)])
    func anyNumberOfRanksContinues(before: Int, after: Int) throws {
        func run(
            _ count: Int, _ steps: Range<Int>, _ files: [OptimizerStateFile]?,
            _ weights: [[Float]]?
        ) throws -> [(Outcome, OptimizerStateFile)] {
            guard count > 1 else {
                return [
                    try train(
                        SingleProcess(), .float32, .states, steps: steps, resuming: files,
                        from: weights)
                ]
            }
            return try ThreadRank.run(count) {
                try self.train(
                    $0, .float32, .states, steps: steps, resuming: files, from: weights)
            }
        }
        let first = try run(before, 0..<2, nil, nil)
        let loaded = try run(after, 0..<0, first.map(\.1), first[0].0.weights)
        #expect(loaded[0].0.averages == first[0].0.averages)
        // Saved again by the same number of ranks as at first, the states have the same bits.
        let again = try run(before, 0..<0, loaded.map(\.1), first[0].0.weights)
        for (file, expected) in zip(again.map(\.1), first.map(\.1)) {
            #expect(file.firstElements == expected.firstElements)
            #expect(file.tensors.map(\.name) == expected.tensors.map(\.name))
            for (one, other) in zip(file.tensors, expected.tensors) {
                #expect(one.tensor.array(Float.self) == other.tensor.array(Float.self))
            }
        }
    }

    @Test func aMissingShardIsNamed() throws {
        let files = try ThreadRank.run(2) { try self.train($0, .float32, .states).1 }
        let error = #expect(throws: ParameterError.self) {
            try train(SingleProcess(), .float32, .none, resuming: [files[0]])
        }
        guard case .optimizerState(let file, let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(file == "checkpoint" && reason.contains("lacks elements"))
    }

    @Test func partsAreEqualAndAligned() {
        let sizes = [7, 15, 1, 600, 64, 1000].map { (count: $0, dtype: DType.float32) }
        for worldSize in 1...5 {
            let partition = ParameterPartition(sizes, worldSize: worldSize, bucketCount: 700)
            #expect(partition.buckets.count == 4)
            var covered = sizes.map { [Bool](repeating: false, count: $0.count) }
            for rank in 0..<worldSize {
                for slice in partition.slices(of: rank) {
                    #expect(slice.range.lowerBound % ParameterPartition.alignment == 0)
                    for index in slice.range {
                        #expect(!covered[slice.parameter][index])
                        covered[slice.parameter][index] = true
                    }
                }
            }
            #expect(covered.allSatisfy { $0.allSatisfy { $0 } })
        }
    }
}
