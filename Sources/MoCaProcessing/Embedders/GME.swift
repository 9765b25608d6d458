// GME (arXiv 2412.16855), as released in `modeling_gme_qwen2vl.py`: a chat prompt that ends in
// `<|endoftext|>`, counting positions, and two resizes of each image.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// The rules of GME on Qwen2-VL.
    static let gme = EmbedderRules(
        name: "gme", architectures: ["GmeQwen2VL", "GmeQwen2VLForVision"],
        backbones: ["qwen2_vl"], attention: .causal, pooling: .last, positions: .counting,
        images: ImageRecipe(
            shortSides: .kept, elongated: .kept, minimumSide: .whenReduced,
            firstLimits: 4...16_384),
        limits: .declared(
            minimum: "min_image_tokens", maximum: "max_image_tokens", 256...1280),
        prompt: .chat(
            ending: "<|endoftext|>", InstructionRule(standard: "You are a helpful assistant.")))
}
