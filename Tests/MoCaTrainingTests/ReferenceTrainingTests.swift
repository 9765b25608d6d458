// Fifty steps of both stages against PyTorch, on the batches that the trainer itself draws from
// examples/data: warm-up, accumulation, clipping, AdamW and decay together.
//
// The golden values are remade in two steps: this suite with MOCA_DUMP_BATCHES=FOLDER writes the
// batches, and scripts/fixtures/training.py FOLDER trains the reference on them.

import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import MoCaTestSupport
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

@Suite(.serialized) struct ReferenceTrainingTests {
    private static let dumpFolder = ProcessInfo.processInfo.environment["MOCA_DUMP_BATCHES"]
    private static let steps = 50

    /// One stage of `training.json`.
    private struct Golden: Decodable {
        /// Sums of all token ids of each step: other batches have other losses.
        var ids: [Int]
        var losses: [Double]
        var gradNorms: [Double]
        /// The sum of all learning rates.
        var rateSum: Double
        var weights: [String: Weight]

        struct Weight: Decodable {
            var norm: Double
            /// Products with random signs, of which the mean square estimates a squared norm.
            var sketch: [Double]
            /// The greatest share of a step's gradient that this tensor had.
            var gradientShare: Double

            enum CodingKeys: String, CodingKey {
                case norm, sketch
                case gradientShare = "gradient_share"
            }
        }

        enum CodingKeys: String, CodingKey {
            case ids, losses, weights
            case gradNorms = "grad_norms"
            case rateSum = "rate_sum"
        }
    }

    private func recipe(_ stage: Recipe.Stage, output: URL) throws -> Recipe {
        try TrainingFixtures.recipe(
            stage, output: output, steps: Self.steps,
            [
                "schedule.warmup_ratio=0.1", "optimizer.learning_rate=5.0e-4",
                "optimizer.epsilon=1.0e-6", "optimizer.max_grad_norm=1.0",
                "logging.every_steps=1", "checkpoint.every_steps=1000",
            ])
    }

    // MARK: The batches

    @Test(.enabled(if: dumpFolder != nil), arguments: Recipe.Stage.allCases)
    func writeBatches(stage: Recipe.Stage) throws {
        let folder = URL(fileURLWithPath: try #require(Self.dumpFolder))
            .appending(path: stage.rawValue)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let recipe = try recipe(stage, output: folder)
        let start = try TrainingSetup(recipe, resuming: nil)
        let writer = try FailureDump(recipe, step: 0, records: [])
        func write<Source: StepBatches>(
            _ source: Source, _ body: (Source.Batch, URL) throws -> Void
        ) throws {
            var source = source
            for step in 0..<Self.steps {
                for (part, batch) in try source.next().batches.enumerated() {
                    try body(batch, folder.appending(path: "\(step)-\(part).safetensors"))
                }
            }
        }
        switch recipe.objective {
        case .reconstruction(let settings):
            try write(try ReconstructionBatches(recipe, settings, start, cursor: nil)) {
                try writer.write($0, to: $1)
            }
        case .contrastive(let settings):
            try write(try ContrastiveBatches(recipe, settings, start, cursor: nil)) {
                try writer.write($0, to: $1)
            }
        }
    }

    /// Sums of all token ids, step by step.
    private func idSums(_ recipe: Recipe) throws -> [Int] {
        let start = try TrainingSetup(recipe, resuming: nil)
        func sums<Source: StepBatches>(
            _ source: Source, _ ids: (Source.Batch) -> [Int]
        ) throws -> [Int] {
            var source = source
            return try (0..<Self.steps).map { _ in
                try source.next().batches.reduce(0) { $0 + ids($1).reduce(0, +) }
            }
        }
        switch recipe.objective {
        case .reconstruction(let settings):
            return try sums(try ReconstructionBatches(recipe, settings, start, cursor: nil)) {
                $0.input.ids.map { Int($0) }
            }
        case .contrastive(let settings):
            return try sums(try ContrastiveBatches(recipe, settings, start, cursor: nil)) { batch in
                let input = batch.input
                return batch.sequences.flatMap { row in
                    input.ids[input.sequenceStarts[row]..<input.sequenceStarts[row + 1]]
                        .map { Int($0) }
                }
            }
        }
    }

    // MARK: The run

    @Test(arguments: Recipe.Stage.allCases)
    func fiftyStepsEqualTheReference(stage: Recipe.Stage) throws {
        let url = Repository.root.appending(
            path: "Tests/Fixtures/training/training.json")
        let golden = try #require(
            try JSONDecoder().decode([String: Golden].self, from: Data(contentsOf: url))[
                stage.rawValue])
        try withTemporaryFolder { folder in
            let recipe = try recipe(stage, output: folder)
            try #require(
                try idSums(recipe) == golden.ids,
                "the batches are others: remake the fixture as this file's header says")
            var (losses, norms) = ([Double](), [Double]())
            let model = try TrainingRun(
                recipe, say: { _ in },
                onLog: { report in
                    losses.append(report.loss)
                    norms.append(report.gradientNorm)
                }
            ).run()
            #expect(losses.count == Self.steps)
            for (step, (found, expected)) in zip(losses, golden.losses).enumerated() {
                #expect(abs(found - expected) <= 1e-4, "step \(step)")
            }
            for (step, (found, expected)) in zip(norms, golden.gradNorms).enumerated() {
                #expect(abs(found - expected) <= 1e-3 * expected, "step \(step)")
            }
            // It learnt: nothing that stands still passes.
            #expect(losses[Self.steps - 1] < 0.9 * losses[0])
            try expectWeights(model, golden)
        }
    }

    private func expectWeights(_ folder: URL, _ golden: Golden) throws {
        let trained = try SafetensorsCheckpoint(opening: folder)
        let before = try SafetensorsCheckpoint(opening: TrainingFixtures.checkpoint)
        var (moved, compared) = (0, 0)
        for name in trained.names {
            let values: [Float] = try #require(
                try Tensor(name, in: try trained.file(of: name))
            ).array()
            guard let expected = golden.weights[name] else {
                // What the stage does not use goes along as it was.
                let kept: [Float]? = try Tensor(name, in: try before.file(of: name))?.array()
                #expect(values == kept, "\(name)")
                continue
            }
            let error = distance(sketch(values), expected.sketch)
            // Adam makes steps of the rate's size from the rounding of a gradient that vanishes.
            let isVanishing = expected.gradientShare < 1e-5
            let noise = golden.rateSum * Double(values.count).squareRoot()
            #expect(
                error <= (isVanishing ? noise : 1e-3 * max(expected.norm, 1e-2)),
                "\(name): \(error) of \(expected.norm)")
            compared += 1
            if before.names.contains(name) {
                let first: [Float] = try #require(
                    try Tensor(name, in: try before.file(of: name))
                ).array()
                if distance(sketch(first), expected.sketch) > 3e-3 * expected.norm { moved += 1 }
            }
        }
        #expect(compared == golden.weights.count)
        // Control: the weights that the run began with are far outside.
        #expect(moved > compared * 3 / 4, "\(moved) of \(compared)")
    }

    /// Products of the values with 16 vectors of random signs (Johnson and Lindenstrauss 1984).
    private func sketch(_ values: [Float]) -> [Double] {
        var random = RandomSource(seed: 1)
        var sums = [Double](repeating: 0, count: 16)
        for value in values {
            let signs = random.next()
            for index in sums.indices {
                sums[index] += signs >> UInt64(index) & 1 == 1 ? Double(value) : -Double(value)
            }
        }
        return sums
    }

    /// An estimate of the Euclidean distance of what was sketched.
    private func distance(_ x: [Double], _ y: [Double]) -> Double {
        let squares = zip(x, y).map { ($0 - $1) * ($0 - $1) }
        return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
    }
}
