import Foundation
import MoCaCore
import MoCaModel
import MoCaRanks
import MoCaTestSupport
import NN
import Testing
import Torch

@testable import MoCaTraining

/// What each process of a run needs.
@Suite struct RankPlanTests {
    private static let output = URL(fileURLWithPath: "/tmp")

    private func estimate(
        _ overrides: [String] = [], parameters: Int = 7_600_000_000
    ) throws -> MemoryEstimate {
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: Self.output,
            ["runtime={device: cpu, dtype: bfloat16}"] + overrides)
        let configuration = try PretrainedModel.configuration(
            of: TrainingFixtures.checkpoint, names: [:])
        return MemoryEstimate(
            recipe, configuration, parameters: parameters, trained: parameters, passes: [])
    }

    /// Two bytes of a weight, four of its gradient, and twelve divided by the ranks: master and two
    /// moments (arXiv 1910.02054 for 7.6 billion parameters).
    @Test func statesAreThoseOfTheFormula() throws {
        let whole = try estimate()
        #expect(whole.states == 136_800_000_000)
        for (count, expected) in [(1, 136.8), (2, 91.2), (4, 68.4), (8, 57.0), (16, 51.3)] {
            let share = whole.divided(among: count, sharding: .states)
            #expect(abs(Double(share.states) / 1e9 - expected) < 1e-3, "\(count)")
            #expect(whole.divided(among: count, sharding: .none).states == whole.states)
        }
        // Averages are divided too: four bytes more.
        let averaged = try estimate(["optimizer.ema_decay=0.9"])
        let share = averaged.divided(among: 8, sharding: .states)
        #expect(abs(Double(share.states) / 1e9 - 57.0 - 3.8) < 1e-3)
    }

    /// Rank 0 copies the weights for a checkpoint, and each rank what only it has.
    @Test func copiesForACheckpointAreDivided() throws {
        let whole = try estimate(parameters: 800)
        let (weights, moments) = (1600, 9600)
        #expect(whole.checkpointCopy == weights + moments)
        func copy(_ sharding: RankedAdamW.Sharding, isFirst: Bool) -> Int {
            whole.divided(among: 4, sharding: sharding, isFirst: isFirst).checkpointCopy
        }
        #expect(copy(.states, isFirst: true) == weights + moments / 4)
        #expect(copy(.states, isFirst: false) == moments / 4)
        #expect(copy(.none, isFirst: true) == weights + moments)
        #expect(copy(.none, isFirst: false) == 0)
        let waiting = try estimate(["checkpoint.asynchronous=false"], parameters: 800)
        #expect(waiting.divided(among: 4, sharding: .states).checkpointCopy == 0)
        // Buffers belong to where the model is.
        let buffered = whole.divided(among: 4, sharding: .none, buffers: 100)
        #expect(buffered.onHost == whole.onHost + 100)
        #expect(whole.divided(among: 1, sharding: .states, buffers: 100) == whole)
    }

    private func ranks(_ count: Int, onHost: Int) throws -> RankLayout {
        RankLayout(
            try RankEnvironment.read([
                "RANK": "0", "WORLD_SIZE": "\(count)", "LOCAL_RANK": "0",
                "LOCAL_WORLD_SIZE": "\(onHost)", "MASTER_ADDR": "localhost",
            ]))
    }

    /// A process has its share of a micro-batch, and at least one sequence.
    @Test func passesAreDivided() throws {
        let recipe = try TrainingFixtures.recipe(.pretrain, output: Self.output)
        let needs = try [1, 2, 8].map {
            try TrainingNeeds(recipe, ranks: $0 == 1 ? RankLayout() : ranks($0, onHost: 2))
        }
        let activations = try needs.map { try #require($0.memory.activations) }
        #expect(activations[0] > activations[1] && activations[1] >= activations[2])
        let configuration = try PretrainedModel.configuration(
            of: TrainingFixtures.checkpoint, names: [:])
        func tokens(_ count: Int) -> Int {
            recipe.largestPasses(configuration, nil, ranks: count)[0].tokens
        }
        // `data.max_length` is 48.
        #expect([1, 2, 4, 8].map(tokens) == [300, 150, 75, 48])
        #expect(needs[1].memory.data < needs[0].memory.data)
        #expect(needs.allSatisfy { $0.diskBytes == needs[0].diskBytes })
    }

    /// All processes of a host share its memory.
    @Test func whatDoesNotFitCountsTheProcesses() throws {
        let recipe = try TrainingFixtures.recipe(.pretrain, output: Self.output)
        var needs = try TrainingNeeds(recipe, ranks: ranks(8, onHost: 4))
        #expect(needs.rankCount == 8 && needs.rankCountOnHost == 4)
        let other = try #require(needs.otherMemory)
        #expect(other.onHost == needs.memory.onHost - needs.memory.checkpointCopy)
        #expect(needs.bytesOnHost == needs.memory.onHost + 3 * other.onHost)
        needs.memoryLimit = needs.bytesOnHost
        #expect(needs.problem(recipe) == nil)
        needs.memoryLimit -= 1
        guard case .doesNotFit("memory", let needed, _, let remedies) = needs.problem(recipe) else {
            Issue.record("it fits")
            return
        }
        #expect(needed == needs.bytesOnHost && remedies.contains("runtime.zero_stage: 1"))
        #expect(needs.lines.contains { $0.hasPrefix("memory of this host's processes (4 of 8): ") })
        let sharded = try TrainingFixtures.recipe(
            .pretrain, output: Self.output, ["runtime.zero_stage=1"])
        let share = try TrainingNeeds(sharded, ranks: ranks(8, onHost: 4))
        #expect(!share.modelRemedies(sharded).contains("runtime.zero_stage: 1"))
        let whole = try TrainingNeeds(sharded)
        #expect(share.memory.moments == (whole.memory.moments + 7) / 8)
        #expect(whole.memory.states == needs.memory.states)
    }

    /// For one process that is too small, the plan names how many would do.
    @Test func moreProcessesAreARemedy() throws {
        let recipe = try TrainingFixtures.recipe(.pretrain, output: Self.output)
        var needs = try TrainingNeeds(recipe)
        needs.memory.isOnDevice = true
        needs.rankTable = [(1, 99), (4, 60), (8, 50)].map {
            RankNeeds(count: $0.0, zeroStage: 1, states: 0, bytes: $0.1)
        }
        func remedies(_ limit: Int) -> [String] {
            needs.deviceMemoryLimit = limit
            guard case .doesNotFit(_, _, _, let remedies) = needs.problem(recipe) else { return [] }
            return remedies
        }
        #expect(remedies(60).contains("4 processes with runtime.zero_stage: 1"))
        #expect(remedies(59).contains("8 processes with runtime.zero_stage: 1"))
        #expect(!remedies(49).isEmpty && !remedies(49).contains { $0.contains("processes") })
    }

    @Test func theTableHasEachNumberAndStage() throws {
        let recipe = try TrainingFixtures.recipe(.pretrain, output: Self.output)
        var needs = try TrainingNeeds(recipe)
        #expect(needs.rankTable.map(\.count) == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16])
        #expect(needs.rankTable.map(\.zeroStage) == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
        let states = needs.rankTable.filter { $0.zeroStage == 1 }.map(\.states)
        #expect(states == states.sorted(by: >) && states[0] == needs.memory.states)
        needs.rankTable = needs.rankTable.map { row in
            var row = row
            row.states = row.zeroStage == 1 ? 136_800_000_000 / row.count : 136_800_000_000
            row.bytes = row.states + 10_000_000_000
            return row
        }
        #expect(
            needs.rankLines == [
                "memory of a process in GB, by their number and runtime.zero_stage (estimated: "
                    + "each has its share of every microbatch):",
                "  processes  zero_stage 0  its states  zero_stage 1  its states",
                "          1        146.80      136.80        146.80      136.80",
                "          2        146.80      136.80         78.40       68.40",
                "          4        146.80      136.80         44.20       34.20",
                "          8        146.80      136.80         27.10       17.10",
                "         16        146.80      136.80         18.55        8.55",
            ])
    }

    @Test func onlyTheStagesThatExistAreRead() throws {
        let error = #expect(throws: TrainingError.self) {
            try TrainingFixtures.recipe(
                .pretrain, output: Self.output, ["runtime.zero_stage=2", "runtime.rank_timeout=0"])
        }
        guard case .badRecipe(_, let problems) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(Set(problems.map(\.keyPath)) == ["runtime.zero_stage", "runtime.rank_timeout"])
    }
}
