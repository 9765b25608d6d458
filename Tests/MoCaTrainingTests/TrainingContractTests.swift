import Foundation
import MoCaCore
import MoCaModel
import MoCaProcessing
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// The contract of a run whose base has files of sentence-transformers; serialised: it sets
/// libtorch's threads.
@Suite(.serialized) struct TrainingContractTests {
    /// Training decides on pooling and normalisation.
    @Test func aPoolingThatCannotBeComputedDoesNotMatter() throws {
        try withTemporaryFolder { folder in
            let base = folder.appending(path: "base")
            let files = FileManager.default
            try files.copyItem(at: TrainingFixtures.checkpoint, to: base)
            let own = base.appending(path: EmbeddingContract.fileName)
            if files.fileExists(atPath: own.path) { try files.removeItem(at: own) }
            let modules = """
                [{"path": "", "type": "sentence_transformers.models.Transformer"},
                 {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
                """
            try Data(modules.utf8).write(to: base.appending(path: "modules.json"))
            let pooling = base.appending(path: "1_Pooling")
            try files.createDirectory(at: pooling, withIntermediateDirectories: true)
            try Data(#"{"pooling_mode_max_tokens": true}"#.utf8)
                .write(to: pooling.appending(path: "config.json"))
            #expect(throws: ModelError.self) { try ResolvedContract(of: base) }
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, ["model.path=\(base.path)"])
            let setup = try TrainingSetup(recipe, resuming: nil)
            #expect(setup.files.contract.pooling == .mean)
            // Previews need no pooling.
            let preview = try preview(of: base, in: folder)
            #expect(preview.stage == .finetune)
        }
    }

    /// A preset computes what its authors' code does, whatever these files say.
    @Test func filesBesideAPresetDoNotMatter() throws {
        try withTemporaryFolder { folder in
            let base = folder.appending(path: "base")
            try FileManager.default.copyItem(
                at: Repository.fixtures.appending(path: "families/vlm2vec"), to: base)
            try Data(#"[{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]"#.utf8)
                .write(to: base.appending(path: "modules.json"))
            #expect(throws: ModelError.self) { try ResolvedContract(of: base) }
            #expect(try EmbedderRules.contract(ofModel: base) == EmbeddingContract())
            try Data(#"{"min_pixels": 784, "max_pixels": 3136}"#.utf8)
                .write(to: base.appending(path: EmbeddingContract.fileName))
            #expect(try EmbedderRules.contract(ofModel: base).minPixels == 784)
            let pixels = try preview(of: base, in: folder).pixels
            #expect(pixels.min == 784 && pixels.max == 3136)
        }
    }

    /// The settings for one record of pairs without a recipe.
    private func preview(of model: URL, in folder: URL) throws -> PreviewSettings {
        let data = folder.appending(path: "data")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        try Data(#"{"qry": "question", "pos_text": "answer"}"#.utf8)
            .write(to: data.appending(path: "a.jsonl"))
        return try PreviewSettings(folders: [data], images: data, model: model)
    }
}
