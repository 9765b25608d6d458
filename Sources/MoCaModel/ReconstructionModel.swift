// A backbone with the heads of continual pre-training (MoCa, section 3.1): masked tokens are
// predicted through the language model's output matrix, masked patches through another decoder
// layer.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, W width, V values of a patch.

import MoCaCore
package import NN
package import Torch

/// A model that maps packed, corrupted sequences to predictions of what was masked.
package struct ReconstructionModel: Sendable {
    package var backbone: any Backbone
    /// The output matrix `[rows, W]`; in a tied model, the embedding matrix itself.
    package let outputWeight: Tensor
    let maeDecoder: FurtherLayer
    let maeProj: Linear
    private let patch: PatchShape

    /// Requests `lm_head`, unless the model is tied, and `mae_decoder` and `mae_proj`.
    package init(_ backbone: any Backbone, _ path: ParameterPath) {
        let configuration = backbone.configuration
        let width = configuration.vectorLength
        self.backbone = backbone
        patch = configuration.inputRules.patch
        outputWeight =
            configuration.isTied
            ? backbone.embeddingWeight
            : (path / "lm_head").parameter(
                "weight", [configuration.vocabularySize, width], .linear(fanIn: width))
        maeDecoder = backbone.furtherLayer(path / "mae_decoder")
        maeProj = Linear(
            path / "mae_proj", from: width, to: patch.mergeUnit * patch.valueCount)
    }

    /// Computes the backbone output of a corrupted batch.
    package func encode(_ input: EncoderInput) -> BackboneOutput {
        backbone(input, attention: .bidirectional)
    }

    /// Computes logits, float32 `[M, rows]`, of hidden states `[M, W]`.
    package func tokenLogits(_ hidden: Tensor) -> Tensor {
        hidden.linear(outputWeight, nil).to(.float32)
    }

    /// Computes the patches `[mergeUnit * R, V]` of the image tokens at `indices` `[R]`, in
    /// float32.
    ///
    /// The decoder layer sees all final hidden states; output column `d * mergeUnit + p` of a token
    /// is value d of its patch p.
    package func patches(_ output: BackboneOutput, at indices: Tensor) -> Tensor {
        let decoded = maeDecoder(output, backbone.memory)
        return maeProj(decoded.indexed(0, by: indices))  // [R, V * mergeUnit]
            .to(.float32)
            .reshaped([-1, patch.valueCount, patch.mergeUnit])
            .transposed(1, 2)
            .reshaped([-1, patch.valueCount])
    }
}
