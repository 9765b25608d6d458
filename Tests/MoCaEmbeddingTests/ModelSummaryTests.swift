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

    private func lines(_ model: String, _ contract: String? = nil) throws -> [String] {
        try withTemporaryFolder { folder in
            let copy = folder.appending(path: "model")
            try FileManager.default.copyItem(
                at: Repository.fixtures.appending(path: model), to: copy)
            if let contract {
                try Data(contract.utf8).write(to: copy.appending(path: "moca.json"))
            }
            return try ModelSummary(reading: copy, tokenizerSize: nil).lines.map { line in
                line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
            }
        }
    }

    /// The prompts and limits of published embedders are shown, which have no contract.
    @Test func rulesOfPresetsAreShown() throws {
        let gme = try lines("families/gme")
        #expect(gme.contains("contract none: the rules of gme hold"))
        let prompt = gme.first { $0.hasPrefix("prompt texts: ") }
        #expect(prompt?.contains("{instruction}<|im_end|>") == true)
        #expect(
            prompt?.hasSuffix(#"{text}<|im_end|>\n<|im_start|>assistant\n<|endoftext|>""#) == true)
        #expect(gme.contains { $0.hasPrefix("pixels of an image ") })
        #expect(gme.contains("orientation ignore") && gme.contains("input length not limited"))
        let pages = try lines("families/colqwen2_5")
        #expect(pages.contains(#"prompt text documents: "{text}""#))
        let mmE5 = try lines("families/mme5")
        #expect(mmE5.contains(#"prompt images and texts: "{image}<|begin_of_text|>{text}""#))
        #expect(mmE5.contains { $0.hasPrefix("images in squares of ") })
        #expect(
            try lines("families/vlm2vec").contains(#"prompt images and texts: "{image} {text}""#))
    }

    @Test func promptsAndLimitsOfAContractAreShown() throws {
        let found = try lines(
            "model/checkpoint_newer",
            """
            {"prompts": {"query": "q: {text}\\n"}, "min_pixels": 784, "max_pixels": 3136,
             "orientation": "exif", "max_length": 77, "normalize": false}
            """)
        for line in [
            #"prompt query: "q: {text}\n""#, "pixels of an image 784 to 3136", "orientation exif",
            "input length at most 77 tokens, then end", "vectors not normalised",
        ] {
            #expect(found.contains(line), "\(line)")
        }
        #expect(try lines("model/checkpoint_newer").contains("prompts none"))
    }
}
