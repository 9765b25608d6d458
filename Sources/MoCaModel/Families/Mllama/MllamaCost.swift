// The cost of a forward pass of Llama 3.2 Vision.

import MoCaCore

/// The FLOPs of inputs of one model. Layers that attend to images count as parts of the images:
/// texts alone skip them.
struct MllamaCost: ForwardCost {
    let text: DecoderShape
    let crossLayerCount: Int
    let vision: MllamaConfiguration.Vision

    /// The cost of the layers that attend to tokens.
    private var decoder: DecoderCost {
        var own = text
        own.layerCount -= crossLayerCount
        let patch = PatchShape(
            channelCount: vision.channelCount, size: vision.patchSize, frameCount: 1,
            mergeSize: 1)
        return DecoderCost(text: own, patch: patch) { _ in 0 }
    }

    var ofToken: Double { decoder.ofToken }

    var ofLogits: Double { decoder.ofLogits }

    func ofSequence(tokens: Int) -> Double { decoder.ofSequence(tokens: tokens) }

    /// FLOPs of an image in the vision tower, which does not depend on its size, and those of its
    /// keys and values.
    func ofImage(_ plan: ImagePlan) -> Double {
        let width = Double(vision.hiddenSize)
        let vectors = Double(vision.tileCountMax * vision.tileVectors)
        let rows = vectors + Double(vision.tileCountMax * vision.tileFiller)
        let layers = Double(vision.layerCount + vision.globalLayerCount)
        let layer = 4 * width * width + 2 * width * Double(vision.intermediateSize)
        let patches = Double(plan.patchCount)
        let values = Double(vision.channelCount * vision.patchSize * vision.patchSize)
        let hidden = Double(text.hiddenSize)
        let projections =
            Double(vision.outputWidth) * hidden
            + 2 * Double(crossLayerCount) * hidden * Double(text.keyValueSize)
        return layers * (2 * rows * layer + 4 * rows * rows * width)
            + 2 * patches * values * width + 2 * vectors * projections
    }

    func ofHeads(_ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int) -> Double {
        decoder.ofHeads(
            input, maskedTokens: maskedTokens, maskedImageTokens: maskedImageTokens)
    }
}
