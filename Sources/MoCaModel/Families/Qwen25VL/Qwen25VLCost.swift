// The cost of a forward pass of Qwen2.5-VL.

package import MoCaCore

/// The FLOPs of inputs of one Qwen2.5-VL model.
package struct Qwen25VLCost: ForwardCost {
    private let text: Qwen25VLConfiguration.Text
    private let vision: Qwen25VLConfiguration.Vision

    /// Creates the cost for the sizes of a model.
    package init(_ configuration: Qwen25VLConfiguration) {
        (text, vision) = (configuration.text, configuration.vision)
    }

    package var ofToken: Double {
        let (hidden, keyValue) = (Double(text.hiddenSize), Double(text.keyValueSize))
        let attention = 2 * hidden * hidden + 2 * hidden * keyValue
        let multilayer = 3 * hidden * Double(text.intermediateSize)
        return 2 * Double(text.layerCount) * (attention + multilayer)
    }

    package var ofLogits: Double {
        2 * Double(text.hiddenSize) * Double(text.vocabularySize)
    }

    package func ofSequence(tokens: Int) -> Double {
        let length = Double(tokens)
        let scores = 4 * length * length * Double(text.hiddenSize)
        return ofToken * length + Double(text.layerCount) * scores
    }

    package func ofHeads(
        _ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int
    ) -> Double {
        let layer = ofSequences(input) / Double(text.layerCount)
        let patches = 2 * Double(text.hiddenSize * vision.mergeUnit * vision.patchValueCount)
        return Double(maskedTokens) * ofLogits + (maskedImageTokens == 0 ? 0 : layer)
            + Double(maskedImageTokens) * patches
    }

    package func ofImage(_ grid: ImageGrid) -> Double {
        let (patches, width) = (Double(grid.patchCount), Double(vision.hiddenSize))
        let full = Double(vision.fullAttentionBlockIndexes.count)
        let block = 4 * width * width + 3 * width * Double(vision.intermediateSize)
        var operations =
            2 * patches * (Double(vision.depth) * block + Double(vision.patchValueCount) * width)
        let merged = Double(vision.mergeUnit) * width
        operations +=
            2 * patches / Double(vision.mergeUnit)
            * (merged * merged + merged * Double(vision.outHiddenSize))
        operations += (Double(vision.depth) - full) * windowScores(grid)
        let frame = Double(grid.h * grid.w)
        return operations + full * 4 * Double(grid.t) * frame * frame * width
    }

    /// FLOPs of attention inside the windows of an image, in one block.
    private func windowScores(_ grid: ImageGrid) -> Double {
        let side = vision.windowTokens * vision.spatialMergeSize
        var squares = 0
        for y in stride(from: 0, to: grid.h, by: side) {
            for x in stride(from: 0, to: grid.w, by: side) {
                let count = min(side, grid.h - y) * min(side, grid.w - x)
                squares += count * count
            }
        }
        return 4 * Double(squares * grid.t) * Double(vision.hiddenSize)
    }
}
