import Foundation
import MoCaModel
import MoCaRunLog
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

/// What is saved, what stays, and what is found again.
@Suite(.serialized) struct CheckpointTests {
    private struct Killed: Error {}

    private func run(
        _ recipe: Recipe, say: @escaping (String) -> Void = { _ in },
        onLog: @escaping (MetricsRow) throws -> Void = { _ in }
    ) throws {
        try TrainingRun(recipe, say: say, onLog: onLog).run()
    }

    private func weights(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    /// Ways in which a checkpoint is spoilt, and the reason that is given.
    enum Damage: String, CaseIterable {
        case truncatedWeights = "model.safetensors has"
        case flippedBit = "the contents of optimizer.safetensors are not"
        case missingState = "trainer_state.json is missing"
        case noManifest = "it has no manifest.json"
        case halfManifest = "its manifest.json cannot be read"

        func apply(to checkpoint: URL) throws {
            func change(_ name: String, _ body: (inout Data) -> Void) throws {
                let url = checkpoint.appending(path: name)
                var data = try Data(contentsOf: url)
                body(&data)
                try data.write(to: url)
            }
            switch self {
            case .truncatedWeights: try change("model.safetensors") { $0.removeLast(1000) }
            case .flippedBit: try change("optimizer.safetensors") { $0[$0.count - 5] ^= 0x10 }
            case .halfManifest: try change("manifest.json") { $0.removeLast($0.count / 2) }
            case .missingState, .noManifest:
                let name = self == .noManifest ? "manifest.json" : "trainer_state.json"
                try FileManager.default.removeItem(at: checkpoint.appending(path: name))
            }
        }
    }

    @Test(arguments: Damage.allCases)
    func theOneBeforeADamagedOneIsUsed(damage: Damage) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(.finetune, output: whole))
            let recipe = try TrainingFixtures.recipe(.finetune, output: broken)
            #expect(throws: Killed.self) {
                try run(recipe, onLog: { if $0.step == 8 { throw Killed() } })
            }
            #expect(try Checkpoint.all(in: broken).map(\.step) == [3, 6])
            let checkpoint = broken.appending(path: "checkpoint-6")
            try damage.apply(to: checkpoint)
            var lines: [String] = []
            try run(recipe, say: { lines.append($0) })
            #expect(lines[0].hasPrefix("warning: checkpoint cannot be used (\(checkpoint.path)): "))
            #expect(lines[0].contains(damage.rawValue))
            #expect(lines[1].hasPrefix("resuming at step 3"))
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            #expect(
                FileManager.default.fileExists(
                    atPath: broken.appending(path: "damaged-checkpoint-6").path))
            #expect(try Checkpoint.all(in: broken).map(\.step) == [6, 8])
        }
    }

    @Test func withoutAnyGoodOneTheRunDoesNotBeginAnew() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder, steps: 3)
            try run(recipe)
            let checkpoint = folder.appending(path: "checkpoint-3")
            try Damage.flippedBit.apply(to: checkpoint)
            #expect(
                throws: TrainingError.badCheckpoint(
                    path: checkpoint.path,
                    reason: "the contents of optimizer.safetensors are not those that were written")
            ) { try run(recipe) }
            #expect(throws: TrainingError.self) { try Checkpoint(opening: checkpoint) }
            #expect(try Checkpoint.folders(in: folder).map(\.step) == [3])
        }
    }

    /// The same bytes whether training waits or goes on.
    @Test(arguments: Recipe.Stage.allCases)
    func savingInTheBackgroundSavesTheSame(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let manifests = try [true, false].map { isAsynchronous in
                let output = folder.appending(path: "\(isAsynchronous)")
                try run(
                    TrainingFixtures.recipe(
                        stage, output: output, steps: 6,
                        ["checkpoint={every_steps: 1, keep: 9, asynchronous: \(isAsynchronous)}"]))
                return try Checkpoint.all(in: output).map {
                    try CheckpointManifest(reading: $0.folder)
                }
            }
            #expect(manifests[0].map(\.step) == [1, 2, 3, 4, 5, 6])
            #expect(manifests[0] == manifests[1])
            // A control: steps differ.
            #expect(
                manifests[0][4].files["model.safetensors"]
                    != manifests[0][5].files["model.safetensors"])
        }
    }

    @Test func aCopyStaysAsItWas() throws {
        try withTemporaryFolder { folder in
            let tensor = Tensor([Float(1), 2], shape: [2])
            let part = CheckpointPart.states("t.safetensors") {
                OptimizerStateFile(tensors: [("t", tensor)])
            }
            let writings = try [part.take(true), part.take(false)]
            tensor.assign(Tensor([Float(3), 4], shape: [2]))
            let values = try writings.enumerated().map { number, write in
                let place = folder.appending(path: "\(number)")
                try FileManager.default.createDirectory(
                    at: place, withIntermediateDirectories: true)
                try write(place)
                let file = try SafetensorsFile(mapping: place.appending(path: "t.safetensors"))
                return try #require(try Tensor("t", in: file)).array(Float.self)
            }
            #expect(values == [[1, 2], [3, 4]])
        }
    }

    @Test func whatGoesWrongInTheBackgroundIsThrownAtTheNextStep() throws {
        try withTemporaryFolder { folder in
            let failure = TrainingError.cannotWrite(path: "x", reason: "No space left on device")
            let part = CheckpointPart { _ in
                { partial in
                    try Data("half".utf8).write(to: partial.appending(path: "model.safetensors"))
                    throw failure
                }
            }
            let saver = CheckpointSaver(folder, .init(), parts: [part], resumed: nil, say: { _ in })
            var state = TrainingState(recipe: "")
            state.step = 4
            _ = try saver.save(state)
            #expect(throws: failure) {
                for _ in 0..<1000 {
                    try saver.check()
                    usleep(1000)
                }
            }
            try saver.finish()
            // What was half written does not go on filling the disk.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    /// Logs are on the disk before a checkpoint that goes with them has its name.
    @Test func logsComeBeforeTheName() throws {
        try withTemporaryFolder { folder in
            var states: [[Bool]] = []
            let saver = CheckpointSaver(
                folder, .init(), parts: [], resumed: nil, say: { _ in },
                willComplete: {
                    try RunLogger.synchronize(in: folder)
                    states.append(
                        [".checkpoint-4.partial/manifest.json", "checkpoint-4"].map {
                            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
                        })
                })
            try Data("{}".utf8).write(to: folder.appending(path: "metrics.jsonl"))
            var state = TrainingState(recipe: "")
            state.step = 4
            _ = try saver.save(state)
            try saver.finish()
            #expect(states == [[true, false]])
            #expect(try Checkpoint.all(in: folder).map(\.step) == [4])
        }
    }

    @Test func whatAKilledProcessLeftIsRemoved() throws {
        try withTemporaryFolder { folder in
            let names = [
                ".checkpoint-3.partial", ".checkpoint-2.old", ".not-finite-3.partial",
                ".not-finite-3.old", ".grown", "..grown.partial", "..grown.old", ".model.partial",
                ".model.old", ".model-raw.partial", ".adapter.old",
            ]
            let others = [".mine.partial", "adapter", "model", "not-finite-3"]
            for name in names + others {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true)
            }
            try Checkpoint.removePartialOnes(in: folder)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left.sorted() == others)
        }
    }

    @Test func roundStepsAndTheBestOneStay() throws {
        try withTemporaryFolder { folder in
            var settings = Recipe.Checkpoints()
            (settings.keep, settings.keepEverySteps) = (2, 4)
            settings.bestMetric = "loss"
            settings.isAsynchronous = false
            let saver = CheckpointSaver(folder, settings, parts: [], resumed: nil, say: { _ in })
            var state = TrainingState(recipe: "")
            for (number, value) in [5, 2, 3, 4, 2, 6, 7].enumerated() {
                (state.step, state.watchedValue) = (number + 1, Double(value))
                _ = try saver.save(state)
            }
            #expect(try Checkpoint.all(in: folder).map(\.step) == [2, 4, 6, 7])
            let best = try #require(try BestCheckpoint(reading: folder))
            #expect((best.step, best.value, best.checkpoint) == (2, 2, "checkpoint-2"))
            // A run that goes on from before the best one has none yet.
            (state.step, state.watchedValue) = (1, 9)
            _ = try saver.save(state)
            #expect(try BestCheckpoint(reading: folder)?.step == 1)
        }
    }

    /// What a rescue kept stays while nothing shows that the run is well: until a regular save.
    @Test func whatARescueKeptOutlivesTheNextStart() throws {
        try withTemporaryFolder { folder in
            var settings = Recipe.Checkpoints()
            (settings.keep, settings.isAsynchronous) = (1, false)
            settings.bestMetric = "loss"
            var saver = CheckpointSaver(folder, settings, parts: [], resumed: nil, say: { _ in })
            var state = TrainingState(recipe: "")
            (state.step, state.watchedValue) = (2, 3)
            _ = try saver.save(state)
            (state.step, state.watchedValue) = (3, 1)
            _ = try saver.save(state, isRescue: true)
            #expect(try Checkpoint.all(in: folder).map(\.step) == [2, 3])
            let newest = try #require(try Checkpoint.all(in: folder).last)
            saver = CheckpointSaver(folder, settings, parts: [], resumed: newest, say: { _ in })
            try saver.judge(state)
            #expect(try Checkpoint.all(in: folder).map(\.step) == [2, 3])
            #expect(try BestCheckpoint(reading: folder)?.step == 3)
            (state.step, state.watchedValue) = (4, 0)
            _ = try saver.save(state)
            #expect(try Checkpoint.all(in: folder).map(\.step) == [4])
        }
    }

    /// A run in the folder may remove one while it is counted.
    @Test func aCheckpointThatIsGoneHasNoBytes() throws {
        try withTemporaryFolder { folder in
            let gone = Checkpoint(folder: folder.appending(path: "checkpoint-9"), step: 9)
            let count = try gone.byteCount()
            #expect(count == 0)
        }
    }

    /// A damaged best.json costs no save: the best checkpoint is chosen anew, and that is said.
    @Test func aBestThatCannotBeReadIsChosenAnew() throws {
        try withTemporaryFolder { folder in
            var settings = Recipe.Checkpoints()
            (settings.bestMetric, settings.isAsynchronous) = ("loss", false)
            let file = folder.appending(path: BestCheckpoint.fileName)
            try Data("{\"metric\": ".utf8).write(to: file)
            var lines: [String] = []
            var saver = CheckpointSaver(
                folder, settings, parts: [], resumed: nil, say: { lines.append($0) })
            var state = TrainingState(recipe: "")
            (state.step, state.watchedValue) = (1, 3)
            _ = try saver.save(state)
            #expect(try BestCheckpoint(reading: folder)?.value == 3)
            #expect(lines.count == 1)
            #expect(lines[0].hasPrefix("warning: file cannot be read (\(file.path)): "))
            #expect(lines[0].hasSuffix("; the best checkpoint is chosen anew"))
            // A kill between the checkpoint's name and best.json.
            try FileManager.default.removeItem(at: file)
            let resumed = Checkpoint(folder: folder.appending(path: "checkpoint-1"), step: 1)
            saver = CheckpointSaver(
                folder, settings, parts: [], resumed: resumed, say: { lines.append($0) })
            try saver.judge(state)
            #expect(try BestCheckpoint(reading: folder)?.checkpoint == "checkpoint-1")
            #expect(lines.count == 1)
        }
    }

    @Test func aMetricThatIsNotThereIsNamed() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, ["checkpoint.best_metric=los"])
            #expect(
                throws: TrainingError.unknownMetric(
                    name: "los", known: ["loss", "grad_norm", "contrastive_loss"])
            ) { try run(recipe) }
        }
    }
}
