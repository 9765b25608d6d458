import Foundation
import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import MoCaTestSupport
import NN
import Testing
import Torch
@testable import MoCaTraining

/// What is kept of a step replays to the bits of the run, through the program.
@Suite(.serialized) struct FailureDumpTests {
    private struct Printed: Decodable {
        var loss: Double
        var grad_norm: Double
    }

    private static let lora =
        "lora={rank: 4, alpha: 8, dropout: 0.3, use_dora: true, "
        + "target_modules: [q_proj, o_proj, down_proj]}"

    /// Step 3 of the run that wrote checkpoint 2, kept.
    private func keep(_ recipe: Recipe, in folder: URL) throws -> URL {
        let checkpoint = try Checkpoint(
            opening: recipe.outputFolder.appending(path: "checkpoint-2"))
        let state = try checkpoint.readState()
        let start = try TrainingSetup(recipe, resuming: checkpoint)
        let context = start.model.store.context
        context.place = .init(step: 2)
        context.lossScale = state.lossScale?.factor ?? 1
        func keep<Batch>(
            _ prepared: PreparedStep<Batch>, _ write: (FailureDump, Batch, URL) throws -> Void
        ) throws -> String {
            try FailureDump(
                recipe, step: 3, records: [],
                FailureDump.Conditions(recipe, start.model.store, step: 3)
            ).keep(prepared, start, in: folder, write)
        }
        switch recipe.objective {
        case .reconstruction(let settings):
            var source = try ReconstructionBatches(recipe, settings, start, cursor: state.cursor)
            return URL(filePath: try keep(source.next()) { try $0.write($1, to: $2) })
        case .contrastive(let settings):
            var source = try ContrastiveBatches(recipe, settings, start, cursor: state.cursor)
            return URL(filePath: try keep(source.next()) { try $0.write($1, to: $2) })
        }
    }

    private func replay(_ folder: URL) throws -> Printed {
        let process = Process()
        process.executableURL = KilledProcessTests.program
        process.arguments = [
            "replay", "--model", folder.path, "--batch", folder.path, "--json",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try JSONDecoder().decode(Printed.self, from: data)
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: KilledProcessTests.program.path)),
        arguments: [
            (
                Recipe.Stage.finetune,
                [lora, "batch.accumulation=1", "batch.mini_batch_tokens=40"]
            ),
            (.finetune, [lora, "objective.temperature_learned=true"]),
            (.finetune, ["model.freeze=['^visual\\.', norm]", "runtime.dtype=bfloat16"]),
            (.pretrain, [lora]),
            (.pretrain, ["model.freeze=['^visual\\.']", "runtime.dtype=bfloat16"]),
        ])
    func replaysBitForBit(stage: Recipe.Stage, overrides: [String]) throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                stage, output: folder.appending(path: "run"), steps: 3,
                ["logging.every_steps=1", "checkpoint.every_steps=2"] + overrides)
            var expected: MetricsRow?
            try TrainingRun(
                recipe, say: { _ in }, onLog: { if $0.step == 3 { expected = $0 } }
            ).run()
            let report = try #require(expected)
            let kept = try keep(recipe, in: folder)
            let printed = try replay(kept)
            #expect(printed.loss == report.loss)
            #expect(printed.grad_norm == report.gradientNorm)
            // Control: dropout counts, and so does where it was drawn.
            guard overrides.contains(Self.lora) else { return }
            let adapter = kept.appending(path: "adapter/adapter_config.json")
            let text = try String(contentsOf: adapter, encoding: .utf8)
            try text.replacing(#/"lora_dropout"\s*:\s*0\.3/#, with: "\"lora_dropout\": 0").write(
                to: adapter, atomically: true, encoding: .utf8)
            #expect(try replay(kept).grad_norm != report.gradientNorm)
        }
    }

    /// Contents that several rows share are computed once again, in the same pieces.
    @Test func equalContentsStayOne() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder)
            let start = try TrainingSetup(recipe, resuming: nil)
            let input = try EncoderInput(
                [[1, 2, 3], [4, 5], [6, 7, 8, 9]].map { .init(ids: $0) }, pixelValues: nil,
                for: start.model.configuration)
            let batch = ContrastiveBatch(
                pieces: input.pieces([0..<2, 2..<3]), sequences: [1, 0, 2, 2, 0, 2],
                negativeCounts: [0, 2], candidateIdentities: [0, 0, 1, 0])
            let url = folder.appending(path: "batch.safetensors")
            try FailureDump(recipe, step: 1, records: [])
                .write(batch, to: url)
            let again = try ReplayBatch(reading: url, for: start.model.configuration).contrastive()
            #expect(again.sequences == batch.sequences)
            #expect(again.pieces.map(\.ids) == batch.pieces.map(\.ids))
            #expect(again.pieces.map(\.sequenceStarts) == batch.pieces.map(\.sequenceStarts))
            #expect(again.negativeCounts == [0, 2])
            #expect(again.candidateIdentities == batch.candidateIdentities)
        }
    }
}
