// The cost of a forward pass of a decoder whose images are tokens of the sequence.

import MoCaCore

/// The FLOPs of inputs of one model.
struct DecoderCost: ForwardCost {
    let text: DecoderShape
    let patch: PatchShape
    /// FLOPs of an image in the vision tower.
    let image: @Sendable (ImagePlan) -> Double

    var ofToken: Double {
        let (hidden, queries) = (Double(text.hiddenSize), Double(text.querySize))
        let attention = 2 * hidden * queries + 2 * hidden * Double(text.keyValueSize)
        let multilayer = 3 * hidden * Double(text.intermediateSize)
        return 2 * Double(text.layerCount) * (attention + multilayer)
    }

    var ofLogits: Double {
        2 * Double(text.hiddenSize) * Double(text.vocabularySize)
    }

    func ofSequence(tokens: Int) -> Double {
        let length = Double(tokens)
        let scores = 4 * length * length * Double(text.querySize)
        return ofToken * length + Double(text.layerCount) * scores
    }

    func ofHeads(_ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int) -> Double {
        let layer = ofSequences(input) / Double(text.layerCount)
        let patches = 2 * Double(text.hiddenSize * patch.mergeUnit * patch.valueCount)
        return Double(maskedTokens) * ofLogits + (maskedImageTokens == 0 ? 0 : layer)
            + Double(maskedImageTokens) * patches
    }

    func ofImage(_ plan: ImagePlan) -> Double { image(plan) }
}

/// The FLOPs of a vision tower of equal blocks that attend within whole frames.
struct FrameTowerCost: Sendable {
    let patch: PatchShape
    let depth: Int
    let width: Int
    let intermediateSize: Int
    let outputWidth: Int
    /// The number of modules that merge patches into image tokens.
    let mergerCount: Int

    /// FLOPs of an image.
    func callAsFunction(_ grid: ImageGrid) -> Double {
        let (patches, width) = (Double(grid.patchCount), Double(width))
        let block = 4 * width * width + 2 * width * Double(intermediateSize)
        let linear = Double(depth) * block + Double(patch.valueCount) * width
        let merged = Double(patch.mergeUnit) * width
        let merger = merged * merged + merged * Double(outputWidth)
        let groups = patches / Double(patch.mergeUnit)
        let frame = Double(grid.h * grid.w)
        let scores = 4 * Double(depth * grid.t) * frame * frame * width
        return 2 * patches * linear + 2 * groups * Double(mergerCount) * merger + scores
    }
}
