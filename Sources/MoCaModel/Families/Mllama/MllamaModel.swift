// The backbone of Llama 3.2 Vision (arXiv 2407.21783, section 7): a decoder, some of whose layers
// attend to the vectors of images instead of tokens.
// Shapes: T packed tokens, C * R vectors of an image, W width.

import MoCaCore
import NN
import Torch

/// A layer of the language model.
enum MllamaLayer: Sendable {
    /// A layer that attends to tokens.
    case tokens(DecoderLayer)
    /// A layer that attends to images; sequences without images skip it.
    case images(CrossAttentionLayer)
}

/// The backbone of a vision tower and a decoder with layers of cross-attention. Attention between
/// tokens is bidirectional or causal, by setting.
struct MllamaModel: Backbone {
    let configuration: any BackboneConfiguration
    let visual: MllamaTower
    let projector: Linear
    let embedTokens: TokenEmbedding
    let layers: [MllamaLayer]
    let norm: RMSNorm
    let step: StepContext
    var checkpointing = ActivationCheckpointing.none
    private let text: DecoderShape
    private let vision: MllamaConfiguration.Vision

    /// Creates the backbone, requesting all parameters from `path`.
    init(_ configuration: MllamaConfiguration, _ path: ParameterPath) {
        self.configuration = configuration
        let (text, model) = (configuration.text, path / "model")
        self.text = text
        vision = configuration.vision
        step = path.store.context
        visual = MllamaTower(configuration.vision, path / "visual")
        projector = Linear(
            path / "visual" / "projector", from: configuration.vision.outputWidth,
            to: text.hiddenSize)
        embedTokens = TokenEmbedding(
            model / "embed_tokens", rows: text.vocabularySize, width: text.hiddenSize)
        layers = (0..<text.layerCount).map { index in
            let own = model / "layers" / index
            return configuration.crossLayers.contains(index)
                ? .images(CrossAttentionLayer(text, own)) : .tokens(DecoderLayer(text, own))
        }
        norm = RMSNorm(model / "norm", width: text.hiddenSize, epsilon: text.rmsNormEpsilon)
    }

    var embeddingWeight: Tensor { embedTokens.weight }

    func callAsFunction(
        _ input: EncoderInput, attention: AttentionMode, observe: StateObserver?
    ) -> BackboneOutput {
        let (device, memory) = (embeddingWeight.device, self.memory)
        var x = embedTokens(Tensor(input.ids, on: device))  // [T, W]
        observe?("text.input", x)
        let context = SequenceContext(
            rotary: .language(
                input.positions, starts: input.sequenceStarts, text, dtype: x.dtype,
                device: device),
            runs: AttentionRuns(starts: input.sequenceStarts), isCausal: attention == .causal)
        let images = images(input, dtype: x.dtype, device: device, observe: observe)
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .tokens(let layer): x = memory.layer(x) { layer($0, context, memory) }
            case .images(let layer):
                guard let images else { continue }
                let states = [images.states.shown] + [images.states.absent].compactMap { $0 }
                x = memory.layer([x] + states) { inputs in
                    let states = CrossStates(
                        shown: inputs[1], absent: inputs.count > 2 ? inputs[2] : nil)
                    return layer(inputs[0], states, images.context, memory)
                }
            }
            observe?("text.layer.\(index)", x)
        }
        let final = norm(x)
        observe?("text.final", final)
        return BackboneOutput(hidden: final, context: context)
    }

    /// The vectors of a batch's images, and which token sees which; nil without images.
    private func images(
        _ input: EncoderInput, dtype: DType, device: Device, observe: StateObserver?
    ) -> (states: CrossStates, context: CrossContext)? {
        guard let pixels = input.pixels else { return nil }
        let canvases = input.plans.map { plan in
            guard case .canvas(let canvas) = plan else {
                preconditionFailure("the images of an input are checked")
            }
            return canvas
        }
        let reach = CrossReach(input, canvases, vision)
        let (values, starts) = (pixels.values(on: device), input.patchStarts)
        var (shown, absent) = ([Tensor](), [Tensor]())
        // One image at a time, because its states in the tower are larger than its vectors.
        for (number, canvas) in canvases.enumerated() {
            let patches = values.narrowed(0, starts[number]..<starts[number + 1])
            let vectors = visual(patches, canvas, memory, observe: observe)
            let own = reach.shownCounts[number]
            shown.append(projector(vectors.narrowed(0, 0..<own)))
            let count = reach.absentCounts[number]
            guard count > 0 else { continue }
            absent.append(projector(vectors.narrowed(0, own..<own + count)))
        }
        let states = CrossStates(
            shown: .concatenated(shown), absent: absent.isEmpty ? nil : .concatenated(absent))
        observe?("vision.out", states.shown)
        return (
            states,
            CrossContext(reach, tokenCount: input.tokenCount, dtype: dtype, device: device)
        )
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
