// ColQwen2 and ColQwen2.5 (arXiv 2407.01449), and Nomic's dense BiQwen2.5, as released with
// colpali-engine 0.3.11: pages are one image each, queries end in ten `<|endoftext|>`.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// Qwen2-VL, also inside transformers' own class.
    private static let qwen2: Set<String> = ["qwen2_vl", "colqwen2"]

    /// The rules of ColQwen2: a vector for each token.
    static let colQwen2 = pageEmbedder(
        "colqwen2", on: qwen2, architecture: "ColQwen2", isMultiVector: true)

    /// The rules of ColQwen2 in transformers' own class, which calls the decoder with embeddings:
    /// its positions count, and its queries have a prefix and end in a line break.
    static let colQwen2HF: EmbedderRules = {
        var rules = pageEmbedder(
            "colqwen2_hf", on: qwen2, architecture: "ColQwen2ForRetrieval",
            isMultiVector: true)
        rules.positions = .counting
        rules.prompt = .pages(queryStart: "Query: ", queryEnd: "\n")
        return rules
    }()

    /// The rules of ColQwen2.5, and of Nomic's ColNomic: a vector for each token.
    static let colQwen25 = pageEmbedder(
        "colqwen2_5", on: ["qwen2_5_vl"], architecture: "ColQwen2_5", isMultiVector: true)

    /// The rules of Nomic's dense embedder: the state of the last token.
    static let biQwen25 = pageEmbedder(
        "biqwen2_5", on: ["qwen2_5_vl"], architecture: "BiQwen2_5", isMultiVector: false)

    private static func pageEmbedder(
        _ name: String, on backbones: Set<String>, architecture: String, isMultiVector: Bool
    ) -> EmbedderRules {
        EmbedderRules(
            name: name, architectures: [architecture], backbones: backbones, attention: .causal,
            pooling: .last, isMultiVector: isMultiVector,
            images: ImageRecipe(shortSides: .kept, elongated: .kept, minimumSide: .whenReduced),
            prompt: .pages())
    }
}

extension PromptRule {
    /// The prompts of embedders of page images.
    ///
    /// - Parameters:
    ///   - queryStart: the text before a query.
    ///   - queryEnd: the text after a query and its ending.
    fileprivate static func pages(queryStart: String = "", queryEnd: String = "") -> PromptRule {
        PromptRule(
            text: PromptTemplate([.literal(queryStart), .everything, .literal(ending + queryEnd)]),
            textDocument: PromptTemplate([.everything]),
            image: PromptTemplate([
                .literal("<|im_start|>user\n"), .images,
                .literal("Describe the image.<|im_end|><|endoftext|>"),
            ]), takesPagesOnly: true)
    }

    /// What makes room for a query's own expansion.
    private static let ending = String(repeating: "<|endoftext|>", count: 10)
}
