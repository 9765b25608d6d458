// MoCa (arXiv 2506.23115): bidirectional attention and the mean over all tokens.

import MoCaCore
import MoCaImage

extension EmbedderRules {
    /// The rules of MoCa, whose prompts are those of a model's contract.
    package static let moca = EmbedderRules(
        name: "moca", modelTypes: ["qwen2_5_vl"], attention: .bidirectional, pooling: .mean,
        images: .moca)
}
