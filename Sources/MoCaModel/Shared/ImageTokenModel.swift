// A backbone whose images are tokens of the sequence: a vision tower gives the rows that replace
// the image tokens' embeddings, and a decoder computes the rest.
// Shapes: T packed tokens, P patches, G image tokens, W width.

import MoCaCore
import NN
import Torch

/// The features of a batch's images.
struct ImageFeatures {
    /// The image tokens `[G, W]`.
    let tokens: Tensor
    /// Features `[G, W]` that are added to the image tokens' states after each of the first decoder
    /// layers; empty for towers without them.
    var deep: [Tensor] = []
}

/// A vision tower, which maps patches to image tokens.
protocol ImageTower: Sendable {
    /// Computes the features of images, in the order of `pixelValues` `[P, values]`. The plans are
    /// those of a checked `EncoderInput`.
    func features(
        _ pixelValues: Tensor, _ plans: [ImagePlan], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures
}

/// A vision tower of images of their own size.
protocol GridTower: ImageTower {
    /// Computes the features of images of the given grids.
    func features(
        _ pixelValues: Tensor, _ grids: [ImageGrid], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures
}

extension GridTower {
    func features(
        _ pixelValues: Tensor, _ plans: [ImagePlan], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures {
        features(pixelValues, plans.compactMap(\.grid), memory, observe: observe)
    }
}

/// The backbone of a vision tower and a decoder. Attention of the decoder is bidirectional (MoCa,
/// arXiv 2506.23115) or causal, by setting.
struct ImageTokenModel<Tower: ImageTower>: Backbone {
    let configuration: any BackboneConfiguration
    let visual: Tower
    let model: LanguageModel
    let step: StepContext
    var checkpointing = ActivationCheckpointing.none
    private let text: DecoderShape

    /// Creates the backbone, requesting all parameters from `path`; `tower` requests its own.
    init(
        _ configuration: some ImageTokenConfiguration, _ path: ParameterPath,
        tower: (ParameterPath) -> Tower
    ) {
        self.configuration = configuration
        text = configuration.text
        step = path.store.context
        visual = tower(path / "visual")
        model = LanguageModel(text, path / "model")
    }

    var embeddingWeight: Tensor { model.embedTokens.weight }

    func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver?
    ) -> BackboneOutput {
        let device = embeddingWeight.device
        // Image tokens outside the vocabulary take any row, which is then replaced.
        let ids = input.ids.map { max($0, 0) }
        var x = model.embedTokens(Tensor(ids, on: device))  // [T, W]
        var (deepFeatures, imageRows) = ([Tensor](), Tensor?.none)
        if let pixels = input.pixels {
            let features = visual.features(
                pixels.values(on: device), input.plans, memory, observe: observe)
            let rows = Tensor(input.imageTokens, on: device)
            x = x.replacingRows(at: rows, with: features.tokens.to(x.dtype))
            (deepFeatures, imageRows) = (features.deep, rows)
        }
        let context = SequenceContext(
            rotary: .language(
                input.positions, starts: input.sequenceStarts, text, dtype: x.dtype,
                device: device),
            runs: AttentionRuns(starts: input.sequenceStarts), isCausal: attention == .causal)
        let hidden = model(
            x, context, memory, deepFeatures: deepFeatures, at: imageRows, observe: observe)
        return BackboneOutput(hidden: hidden, context: context)
    }

    func furtherLayer(_ path: ParameterPath) -> FurtherLayer {
        let layer = DecoderLayer(text, path)
        return { output, memory in
            guard let context = output.context as? SequenceContext else {
                preconditionFailure("hidden states of another family")
            }
            return memory.layer(output.hidden) { layer($0, context, memory) }
        }
    }
}
