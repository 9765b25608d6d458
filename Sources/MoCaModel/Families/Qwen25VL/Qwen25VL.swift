// Qwen2.5-VL (arXiv 2502.13923) as an encoder: tokens and patches to hidden states. Attention of
// the language model is bidirectional (MoCa, arXiv 2506.23115) or causal, by setting.
// Shapes: T packed tokens, P patches, G image tokens, W width.

package import MoCaCore
package import NN
package import Torch

/// The Qwen2.5-VL backbone.
package struct Qwen25VL: Backbone {
    private let settings: Qwen25VLConfiguration
    let visual: VisionTower
    let model: LanguageModel
    package let step: StepContext
    package var checkpointing = ActivationCheckpointing.none

    /// Creates the backbone, requesting all parameters from `path`.
    package init(_ configuration: Qwen25VLConfiguration, _ path: ParameterPath) {
        settings = configuration
        step = path.store.context
        visual = VisionTower(configuration.vision, path / "visual")
        model = LanguageModel(configuration.text, path / "model")
    }

    package var configuration: any BackboneConfiguration { settings }

    package var embeddingWeight: Tensor { model.embedTokens.weight }

    package func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver?
    ) -> BackboneOutput {
        let device = embeddingWeight.device
        var x = model.embedTokens(Tensor(input.ids, on: device))  // [T, W]
        if let pixels = input.pixels {
            let features = imageFeatures(pixels.values(on: device), input.grids, observe)
            x = x.replacingRows(
                at: Tensor(input.imageTokens, on: device), with: features.to(x.dtype))
        }
        let context = SequenceContext(
            rotary: .language(
                input.positions, settings.text, dtype: x.dtype, device: device),
            runs: AttentionRuns(starts: input.sequenceStarts), isCausal: attention == .causal)
        let hidden = model(x, context, memory, observe: observe)
        return BackboneOutput(hidden: hidden, context: context)
    }

    package func furtherLayer(_ path: ParameterPath) -> FurtherLayer {
        let layer = DecoderLayer(settings.text, path)
        return { output, memory in
            guard let context = output.context as? SequenceContext else {
                preconditionFailure("hidden states of another family")
            }
            return memory.layer(output.hidden) { layer($0, context, memory) }
        }
    }

    /// Computes the image tokens `[G, W]` of checked grids.
    private func imageFeatures(
        _ pixelValues: Tensor, _ grids: [ImageGrid], _ observe: StateObserver?
    ) -> Tensor {
        let plan = VisionPlan(
            visual.windows.layout(ofChecked: grids), mergeUnit: settings.vision.mergeUnit,
            device: pixelValues.device)
        return visual(pixelValues, plan, memory, observe: observe)
    }
}
