import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import Testing

@testable import MoCaProcessing

/// A model's files select its embedder, and its contract overrides each rule.
@Suite struct EmbedderRulesTests {
    private func rules(
        _ modelType: String, _ architectures: String..., contract: String = "{}"
    ) throws -> EmbedderRules {
        try EmbedderRules(
            ModelDeclaration(modelType: modelType, architectures: architectures),
            EmbeddingContract(parsing: Data(contract.utf8), file: "moca.json"))
    }

    @Test(arguments: [
        ("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "moca"),
        ("qwen2_5_vl", "ColQwen2_5", "colqwen2_5"), ("qwen2_5_vl", "BiQwen2_5", "biqwen2_5"),
        ("qwen2_vl", "Qwen2VLForConditionalGeneration", "vlm2vec"),
        ("qwen2_vl", "GmeQwen2VL", "gme"), ("qwen2_vl", "ColQwen2", "colqwen2"),
        ("colqwen2", "ColQwen2ForRetrieval", "colqwen2_hf"),
        ("qwen3_vl", "Qwen3VLForConditionalGeneration", "qwen3_vl_embedding"),
        ("mllama", "MllamaForConditionalGeneration", "mme5"),
        ("mllama", "MllamaModel", "mme5"), ("phi3_v", "Phi3VForCausalLM", "vlm2vec_phi3v"),
        ("llava_next", "LlavaNextForConditionalGeneration", "vlm2vec_llava"),
    ])
    func filesSelectThePreset(type: String, architecture: String, name: String) throws {
        #expect(try rules(type, architecture).name == name)
    }

    @Test func modelTypesSelectThePresetOfFilesWithoutArchitectures() throws {
        #expect(try rules("qwen2_vl").name == "vlm2vec")
        #expect(try rules("other").name == "moca")
    }

    /// An embedder's own class may follow rules that its backbone's type does not tell.
    @Test(arguments: [
        ("qwen2_vl", "BiQwen2"), ("qwen2_vl", "SomethingForEmbedding"),
        ("qwen2_vl", "MllamaForConditionalGeneration"), ("other", "Other"),
    ])
    func anUnknownArchitectureIsRefused(type: String, architecture: String) throws {
        for stated in [[architecture], ["Qwen2VLModel", architecture]] {
            let declaration = ModelDeclaration(modelType: type, architectures: stated)
            let error = #expect(throws: ProcessingError.self) {
                try EmbedderRules(declaration, EmbeddingContract())
            }
            guard case .unknownArchitecture(_, _, let known)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(known.contains("GmeQwen2VL"))
            #expect(known.contains("Qwen2VLModel") == (type == "qwen2_vl"))
        }
        let named = try rules(type, architecture, contract: #"{"embedder": "gme"}"#)
        #expect(named.name == "gme")
    }

    @Test func aContractOverridesRules() throws {
        let found = try rules(
            "qwen2_vl", "GmeQwen2VL",
            contract: """
                {"pooling": "mean", "attention": "bidirectional", "positions": "grids",
                 "alpha": "white_for_rgba", "instruction": "Find it"}
                """)
        #expect(found.name == "gme" && found.pooling == .mean && found.positions == .grids)
        #expect(found.attention == .bidirectional && found.images.alpha == .whiteForRGBA)
        #expect(found.prompt.instruction?.standard == "Find it")
        #expect(try rules("qwen2_vl", contract: #"{"embedder": "moca"}"#) == .moca)
    }

    @Test func anUnknownEmbedderListsTheKnownOnes() throws {
        let known = EmbedderRules.presets.map(\.name)
        #expect(throws: ProcessingError.unknownEmbedder(name: "clip", known: known)) {
            try rules("qwen2_vl", contract: #"{"embedder": "clip"}"#)
        }
    }

    /// MoCa's rules are for every backbone, those of others for their own.
    @Test(arguments: [
        ("llava_next", "gme", ["vlm2vec_llava", "moca"]), ("mllama", "vlm2vec", ["mme5", "moca"]),
        ("qwen2_vl", "colqwen2_5", ["vlm2vec", "gme", "colqwen2", "colqwen2_hf", "moca"]),
        ("qwen3_vl", "mme5", ["qwen3_vl_embedding", "moca"]),
    ])
    func anEmbedderOfAnotherBackboneIsRefused(
        type: String, embedder: String, known: [String]
    ) throws {
        let error = #expect(throws: ProcessingError.self) {
            try rules(type, contract: #"{"embedder": "\#(embedder)"}"#)
        }
        guard case .otherBackbone(embedder, _, type, known)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        for name in known {
            #expect(try rules(type, contract: #"{"embedder": "\#(name)"}"#).name == name)
        }
    }

    @Test func limitsComeFromTheFileThatDeclaresThem() throws {
        var declaration = ModelDeclaration(modelType: "qwen2_vl", architectures: ["GmeQwen2VL"])
        let contract = EmbeddingContract()
        let budget = try EmbedderRules(declaration, contract).budget(tokenSide: 28)
        #expect(budget == PixelBudget(minPixels: 256 * 784, maxPixels: 1280 * 784))
        declaration.integers = ["min_image_tokens": 4, "max_image_tokens": 20]
        #expect(
            try EmbedderRules(declaration, contract).budget(tokenSide: 28)
                == PixelBudget(minPixels: 4 * 784, maxPixels: 20 * 784))
    }

    @Test(arguments: [
        ["max_image_tokens": Int.max], ["max_image_tokens": 0], ["min_image_tokens": -4],
        ["min_image_tokens": 20, "max_image_tokens": 10], ["min_image_tokens": 2000],
    ])
    func limitsThatAreNoneAreRefused(integers: [String: Int]) throws {
        let declaration = ModelDeclaration(
            modelType: "qwen2_vl", architectures: ["GmeQwen2VL"], integers: integers)
        let expected = ProcessingError.badImageLimits(
            minimum: SettingsProblem(
                "min_image_tokens", "is \(integers["min_image_tokens"] ?? 256)"),
            maximum: SettingsProblem(
                "max_image_tokens", "is \(integers["max_image_tokens"] ?? 1280)"))
        #expect(throws: expected) { try EmbedderRules(declaration, EmbeddingContract()) }
    }

    @Test(
        arguments: [
            (" Find it ", "Find it."), ("Which one?", "Which one?"), ("探す。", "探す。"),
            ("a_", "a_"), (" \n", "Represent the user's input."),
            (nil, "Represent the user's input."), ("5 €", "5 €."),
        ] as [(String?, String)])
    func anInstructionEndsInPunctuation(given: String?, written: String) {
        #expect(EmbedderRules.qwen3VLEmbedding.prompt.instruction?(given) == written)
    }

    @Test func imagesAndTextsGivenApartAreJoinedBySpaces() throws {
        let picture = Content.Segment.image(.encoded(Data(), name: "a"))
        let prompt = EmbedderRules.vlm2vec.prompt
        let apart = try prompt(Content([picture, picture, .text("b")]), as: nil)
        #expect(apart.segments == [picture, .text(" "), picture, .text(" "), .text("b")])
        let arranged = Content([picture, .text("b")], isArranged: true)
        #expect(try prompt(arranged, as: nil) == arranged)
    }
}
