// Qwen3-VL-Embedding (arXiv 2601.04720), as released at github.com/QwenLM/Qwen3-VL-Embedding: the
// instruction is the system turn, and limits on images are constants of its code.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// The rules of Qwen3-VL-Embedding.
    static let qwen3VLEmbedding = EmbedderRules(
        name: "qwen3_vl_embedding", modelTypes: ["qwen3_vl"], backbones: ["qwen3_vl"],
        attention: .causal, pooling: .last,
        images: ImageRecipe(
            alpha: .whiteForRGBA, shortSides: .kept, elongated: .kept, minimumSide: .always),
        limits: .fixed(4...1800),
        prompt: .chat(
            ending: "",
            InstructionRule(standard: "Represent the user's input.", endsSentences: true)),
        // The paper appends `<|endoftext|>`, the released code what the tokenizer's file says.
        specialTokens: .aroundInput)
}
