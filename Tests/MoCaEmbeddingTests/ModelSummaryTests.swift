import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaEmbedding

/// What `moca model info` says about a model's folder.
struct ModelSummaryTests {
    /// The rules shown are those that apply, with the files of sentence-transformers.
    @Test func poolingOfSentenceTransformersIsShown() throws {
        try withTemporaryFolder { folder in
            let model = folder.appending(path: "model")
            try FileManager.default.copyItem(
                at: Repository.fixtures.appending(path: "model/checkpoint_newer"), to: model)
            let pooling = model.appending(path: "1_Pooling")
            try FileManager.default.createDirectory(
                at: pooling, withIntermediateDirectories: true)
            try Data(#"{"pooling_mode_lasttoken": true, "pooling_mode_mean_tokens": false}"#.utf8)
                .write(to: pooling.appending(path: "config.json"))
            let modules = [
                #"{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}"#,
                #"{"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}"#,
            ]
            try Data("[\(modules.joined(separator: ", "))]".utf8)
                .write(to: model.appending(path: "modules.json"))
            let summary = try ModelSummary(reading: model, tokenizerSize: nil)
            #expect(summary.embedder.pooling == "last")
            #expect(summary.contractFiles.contains("modules.json"))
        }
    }
}
