// VLM2Vec (arXiv 2410.05160) and VLM2Vec-V2 (arXiv 2507.04590), as released at
// github.com/TIGER-AI-Lab/VLM2Vec: no chat template, image tokens without markers, and therefore
// counting positions.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// The rules of VLM2Vec on Qwen2-VL.
    static let vlm2vec = EmbedderRules(
        name: "vlm2vec", modelTypes: ["qwen2_vl"], backbones: ["qwen2_vl"],
        attention: .causal, pooling: .last, positions: .counting, markers: .none,
        images: ImageRecipe(shortSides: .squared, elongated: .squared, minimumSide: .whenReduced),
        prompt: PromptRule(joiner: " "))

    /// The rules of VLM2Vec on LLaVA-NeXT.
    static let vlm2vecLlava = onSquares("vlm2vec_llava", modelType: "llava_next")

    /// The rules of VLM2Vec on Phi-3.5-V.
    static let vlm2vecPhi = onSquares("vlm2vec_phi3v", modelType: "phi3_v")

    /// The rules on backbones that see an image as several squares: the image processor's file
    /// decides how it becomes these.
    private static func onSquares(_ name: String, modelType: String) -> EmbedderRules {
        EmbedderRules(
            name: name, modelTypes: [modelType], backbones: [modelType], attention: .causal,
            pooling: .last, positions: .counting, markers: .none,
            images: ImageRecipe(shortSides: .kept, elongated: .kept, minimumSide: .whenReduced),
            prompt: PromptRule(joiner: " "))
    }
}
