// mmE5 (arXiv 2502.08468) on Llama 3.2 Vision, as released at github.com/haon-chen/mmE5: raw texts
// behind the token that begins them, which follows leading images.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// The rules of mmE5.
    static let mmE5 = EmbedderRules(
        name: "mme5", modelTypes: ["mllama"], backbones: ["mllama"], attention: .causal,
        pooling: .last, positions: .counting, markers: .none,
        images: ImageRecipe(
            alpha: .white, shortSides: .kept, elongated: .kept, minimumSide: .whenReduced),
        prompt: PromptRule(opening: "<|begin_of_text|>"), specialTokens: .none)
}
