// Whole runs of several ranks, as threads, beside runs of one process: the same curve, the same
// files, and the same end when something fails.

import Foundation
import MoCaRankSupport
import MoCaRanks
import MoCaRunLog
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

@Suite(.serialized) struct RankedRunTests {
    private struct Killed: Error, Equatable {}

    private static let lora =
        "lora={rank: 4, alpha: 8, dropout: 0, target_modules: [q_proj, o_proj, down_proj]}"
    private static let zero = "runtime.zero_stage=1"

    /// Runs a recipe on `count` ranks; the first one fails at `killed`, if it is set.
    private func outcomes(
        _ recipe: Recipe, on count: Int, killedAt killed: Int? = nil,
        timeout: Duration = .seconds(60)
    ) throws -> [Result<URL, any Error>] {
        try ThreadRank.outcomes(count, timeout: timeout) { team in
            var run = TrainingRun(
                recipe, say: { _ in },
                onLog: { if $0.step == killed { throw Killed() } })
            run.team = team
            return try run.run()
        }
    }

    private func run(_ recipe: Recipe, on count: Int) throws {
        guard count > 1 else {
            try TrainingRun(recipe, say: { _ in }).run()
            return
        }
        for outcome in try outcomes(recipe, on: count) { _ = try outcome.get() }
    }

    private func rows(_ folder: URL) throws -> [MetricsRow] {
        try StepLog(folder.appending(path: MetricsRow.fileName), after: .max).rows(MetricsRow.self)
    }

    private func weights(_ folder: URL, _ name: String = "model") throws -> [String: [Float]] {
        let file = try SafetensorsFile(
            mapping: folder.appending(path: "\(name)/model.safetensors"))
        return try Dictionary(
            uniqueKeysWithValues: file.names.map {
                ($0, try #require(try Tensor($0, in: file)).array(Float.self))
            })
    }

    private func expectSameCurve(
        _ found: URL, _ expected: URL, tolerance: Double = 1e-5, _ what: String
    ) throws {
        let (found, expected) = (try rows(found), try rows(expected))
        #expect(found.count == expected.count && !found.isEmpty)
        for (row, wanted) in zip(found, expected) {
            #expect(abs(row.loss - wanted.loss) <= tolerance * wanted.loss, "\(what) \(row.step)")
            #expect(row.sampleCount == wanted.sampleCount)
            #expect(
                abs(row.gradientNorm - wanted.gradientNorm) <= 10 * tolerance * wanted.gradientNorm,
                "\(what) \(row.step)")
            for (name, value) in wanted.terms {
                #expect(
                    abs((row.terms[name] ?? .nan) - value) <= tolerance * abs(value),
                    "\(what) \(name) \(row.step)")
            }
        }
    }

    @Test(
        arguments: [
            (.pretrain, 2, []), (.pretrain, 3, [zero, "optimizer.ema_decay=0.9"]),
            (.pretrain, 2, [lora]), (.finetune, 2, []),
            (.finetune, 3, ["batch.accumulation=1", "batch.mini_batch_tokens=40", zero]),
            (.finetune, 2, ["objective.symmetric=true", lora, zero]),
            // One of the ranks has no query.
            (.finetune, 3, ["batch.size=4", "batch.accumulation=2"]),
        ] as [(Recipe.Stage, Int, [String])])
    func theCurveIsThatOfOneProcess(
        stage: Recipe.Stage, count: Int, overrides: [String]
    ) throws {
        try withTemporaryFolder { folder in
            let (one, many) = (folder.appending(path: "one"), folder.appending(path: "many"))
            let overrides = overrides + ["logging.every_steps=1"]
            try run(TrainingFixtures.recipe(stage, output: one, steps: 6, overrides), on: 1)
            try run(TrainingFixtures.recipe(stage, output: many, steps: 6, overrides), on: count)
            let (first, wanted) = try (rows(many)[0], rows(one)[0])
            #expect(abs(first.loss - wanted.loss) <= 1e-6 * wanted.loss)
            #expect(abs(first.gradientNorm - wanted.gradientNorm) <= 1e-5 * wanted.gradientNorm)
            try expectSameCurve(many, one, "\(stage) on \(count) with \(overrides)")
            #expect(try rows(one).allSatisfy { $0.worldSize == nil && $0.ranks.isEmpty })
            for row in try rows(many) {
                #expect(row.worldSize == count && row.ranks.count == count)
                #expect((0...1).contains(row.rankWaitShare ?? -1))
                #expect((0..<count).contains(row.slowestRank ?? -1))
                #expect(row.ranks.allSatisfy { $0.computingSeconds > 0 && $0.exchangeSeconds > 0 })
                #expect(row.ranks.allSatisfy { ($0.peakMemoryBytes ?? 0) > 1 << 20 })
            }
            let (found, expected) = (try weights(many), try weights(one))
            for (key, values) in expected {
                #expect(largestDifference(found[key] ?? [], values) <= 1e-4, "\(key)")
            }
        }
    }

    @Test(arguments: Recipe.Stage.allCases)
    func fiftyStepsStayTogether(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let (one, many) = (folder.appending(path: "one"), folder.appending(path: "many"))
            let overrides = ["checkpoint.every_steps=50"]
            try run(TrainingFixtures.recipe(stage, output: one, steps: 50, overrides), on: 1)
            try run(TrainingFixtures.recipe(stage, output: many, steps: 50, overrides), on: 2)
            try expectSameCurve(many, one, tolerance: 1e-4, "\(stage)")
        }
    }

    /// Sharded states change nothing but where they are.
    @Test(arguments: Recipe.Stage.allCases)
    func shardedRunsHaveTheBitsOfReplicatedOnes(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let (whole, parts) = (folder.appending(path: "whole"), folder.appending(path: "parts"))
            let average = "optimizer.ema_decay=0.9"
            try run(TrainingFixtures.recipe(stage, output: whole, [average]), on: 3)
            try run(TrainingFixtures.recipe(stage, output: parts, [average, Self.zero]), on: 3)
            for name in ["model", "model-raw", "checkpoint-8"] {
                #expect(try weights(whole, name) == weights(parts, name), "\(name)")
            }
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(parts))
            let files = try FileManager.default.contentsOfDirectory(
                atPath: parts.appending(path: "checkpoint-8").path)
            #expect(files.filter { $0.hasPrefix("optimizer-") }.count == 3)
        }
    }

    /// The first rank fails between two checkpoints; the others learn it, and the next start goes
    /// on to the bits of a run that never failed.
    @Test(arguments: [[], [zero], [zero, "checkpoint.asynchronous=false"]])
    func aLostRankEndsAllAndNothingIsLost(overrides: [String]) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(.pretrain, output: whole, overrides), on: 2)
            let recipe = try TrainingFixtures.recipe(.pretrain, output: broken, overrides)
            let failed = try outcomes(recipe, on: 2, killedAt: 4, timeout: .seconds(20))
            #expect(throws: Killed()) { try failed[0].get() }
            let error = #expect(throws: RankError.self) { try failed[1].get() }
            guard case .peerLost(let rank, _, _) = error else {
                Issue.record("another error: \(String(describing: error))")
                return
            }
            #expect(rank == 0)
            try run(recipe, on: 2)
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    /// Saved by two ranks, continued by one, three and two.
    @Test(arguments: [[], [zero]])
    func anyNumberOfRanksGoesOn(overrides: [String]) throws {
        try withTemporaryFolder { folder in
            let whole = folder.appending(path: "whole")
            try run(TrainingFixtures.recipe(.finetune, output: whole, overrides), on: 2)
            let first = folder.appending(path: "first")
            let recipe = try TrainingFixtures.recipe(.finetune, output: first, overrides)
            _ = try outcomes(recipe, on: 2, killedAt: 4, timeout: .seconds(20))
            for count in [1, 3, 2] {
                let output = folder.appending(path: "\(count)")
                try FileManager.default.copyItem(at: first, to: output)
                try run(TrainingFixtures.recipe(.finetune, output: output, overrides), on: count)
                if count == 2 {
                    #expect(try weights(output) == weights(whole))
                } else {
                    let (found, expected) = (try weights(output), try weights(whole))
                    for (key, values) in expected {
                        #expect(largestDifference(found[key] ?? [], values) <= 1e-4, "\(key)")
                    }
                }
                try expectSameCurve(output, whole, "\(count)")
            }
        }
    }

    @Test func aFolderThatIsInUseEndsAllRanks() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.pretrain, output: folder)
            let lock = try RunLock(folder)
            let failed = try withExtendedLifetime(lock) { try outcomes(recipe, on: 2) }
            #expect(throws: TrainingError.folderInUse(path: folder.path)) { try failed[0].get() }
            #expect(throws: RankError.peerFailed(rank: 0)) { try failed[1].get() }
        }
    }
}
