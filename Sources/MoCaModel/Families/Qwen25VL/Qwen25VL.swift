// Qwen2.5-VL (arXiv 2502.13923) as an encoder: tokens and patches to hidden states. Attention of
// the language model is bidirectional (MoCa, arXiv 2506.23115) or causal, as asked.
// Shapes: T packed tokens, P patches, G image tokens, W width.

package import MoCaCore
package import NN
package import Torch

/// The backbone.
package struct Qwen25VL: Sendable {
    package let configuration: Qwen25VLConfiguration
    let visual: VisionTower
    let model: LanguageModel
    /// What a training step says to layers and losses.
    package let step: StepContext
    /// What of the layers is computed again during backward instead of kept.
    package var checkpointing = ActivationCheckpointing.none

    /// Hidden states, and what further layers on the same tokens need.
    package struct Output {
        /// `[T, W]`, after the final norm.
        package let hidden: Tensor
        package let context: SequenceContext
    }

    package init(_ configuration: Qwen25VLConfiguration, _ path: ParameterPath) {
        self.configuration = configuration
        step = path.store.context
        visual = VisionTower(configuration.vision, path / "visual")
        model = LanguageModel(configuration.text, path / "model")
    }

    /// How layers keep what they compute.
    var memory: LayerMemory { LayerMemory(checkpointing, step) }

    /// The embedding matrix `[rows, W]`, which a tied model also uses as its output.
    package var embeddingWeight: Tensor { model.embedTokens.weight }

    package func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver? = nil
    ) -> Output {
        let device = embeddingWeight.device
        var x = model.embedTokens(Tensor(input.ids, on: device))  // [T, W]
        if let pixels = input.pixels {
            let features = imageFeatures(pixels.values(on: device), input.grids, observe)
            x = x.replacingRows(
                at: Tensor(input.imageTokens, on: device), with: features.to(x.dtype))
        }
        let context = SequenceContext(
            rotary: .language(
                input.positions, configuration.text, dtype: x.dtype, device: device),
            runs: AttentionRuns(starts: input.sequenceStarts), isCausal: attention == .causal)
        let hidden = model(x, context, memory, observe: observe)
        return Output(hidden: hidden, context: context)
    }

    /// Image tokens `[G, W]` of checked grids.
    private func imageFeatures(
        _ pixelValues: Tensor, _ grids: [ImageGrid], _ observe: StateObserver?
    ) -> Tensor {
        let plan = VisionPlan(
            visual.windows.layout(ofChecked: grids), mergeUnit: configuration.vision.mergeUnit,
            device: pixelValues.device)
        return visual(pixelValues, plan, memory, observe: observe)
    }
}
