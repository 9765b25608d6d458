import Foundation
import MoCaCore
import MoCaModel
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
        }
    }
}
