// A backbone with the heads of continual pre-training (MoCa, section 3.1): masked tokens through
// the language model's own output matrix, masked patches through one more decoder layer.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, W width, V values of a patch.

import MoCaCore
package import NN
package import Torch

/// Packed, corrupted sequences to predictions of what was masked.
package struct ReconstructionModel: Sendable {
    package var backbone: Qwen25VL
    /// `[rows, W]`: the embedding matrix itself in a tied model.
    package let outputWeight: Tensor
    let maeDecoder: DecoderLayer
    let maeProj: Linear

    /// Asks for `lm_head` unless the model is tied, and for `mae_decoder` and `mae_proj`.
    package init(_ backbone: Qwen25VL, _ path: ParameterPath) {
        let (text, vision) = (backbone.configuration.text, backbone.configuration.vision)
        self.backbone = backbone
        outputWeight =
            text.tieWordEmbeddings
            ? backbone.embeddingWeight
            : (path / "lm_head").parameter(
                "weight", [text.vocabularySize, text.hiddenSize], .linear(fanIn: text.hiddenSize))
        maeDecoder = DecoderLayer(text, path / "mae_decoder")
        maeProj = Linear(
            path / "mae_proj", from: text.hiddenSize,
            to: vision.mergeUnit * vision.patchValueCount)
    }

    /// Hidden states of a corrupted batch.
    package func encode(_ input: EncoderInput) -> Qwen25VL.Output {
        backbone(input, attention: .bidirectional)
    }

    /// Logits float32 `[M, rows]` of hidden states `[M, W]`.
    package func tokenLogits(_ hidden: Tensor) -> Tensor {
        hidden.linear(outputWeight, nil).to(.float32)
    }

    /// The patches `[mergeUnit * R, V]` of the image tokens at `indices` `[R]`, in float32.
    ///
    /// The decoder layer sees all final hidden states; output column `d * mergeUnit + p` of a token
    /// is number d of its patch p.
    package func patches(_ output: Qwen25VL.Output, at indices: Tensor) -> Tensor {
        let vision = backbone.configuration.vision
        let memory = backbone.memory
        let decoded = memory.layer(output.hidden) { maeDecoder($0, output.context, memory) }
        return maeProj(decoded.indexed(0, by: indices))  // [R, V * mergeUnit]
            .to(.float32)
            .reshaped([-1, vision.patchValueCount, vision.mergeUnit])
            .transposed(1, 2)
            .reshaped([-1, vision.patchValueCount])
    }
}
