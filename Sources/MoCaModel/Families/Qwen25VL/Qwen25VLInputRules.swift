// The input rules of Qwen2.5-VL: an image is a vision start, one token for each merged group of its
// patches, and a vision end.

package import MoCaCore

/// The input rules of one Qwen2.5-VL model.
package struct Qwen25VLInputRules: InputRules {
    private let tokens: Qwen25VLConfiguration.Tokens
    package let patch: PatchShape
    package let vocabularySize: Int
    package let maxPositions: Int

    /// Creates the input rules of a model.
    package init(_ configuration: Qwen25VLConfiguration) {
        let vision = configuration.vision
        tokens = configuration.tokens
        patch = PatchShape(
            channelCount: vision.inChannels, size: vision.patchSize,
            frameCount: vision.temporalPatchSize, mergeSize: vision.spatialMergeSize)
        vocabularySize = configuration.text.vocabularySize
        maxPositions = configuration.text.maxPositions
    }

    package var markers: [(text: String, id: Int32)] {
        [
            ("<|image_pad|>", tokens.image), ("<|vision_start|>", tokens.visionStart),
            ("<|vision_end|>", tokens.visionEnd),
        ]
    }

    package var imageToken: Int32 { tokens.image }

    package func imageBlock(tokenCount: Int) -> [Int32] {
        [tokens.visionStart] + [Int32](repeating: tokens.image, count: tokenCount)
            + [tokens.visionEnd]
    }

    package func imageCount(in ids: [Int32]) -> Int {
        zip(ids, ids.dropFirst()).count { $0 == tokens.visionStart && $1 == tokens.image }
    }

    package func positions(
        of sequences: [EncoderInput.Sequence]
    ) throws(ModelError) -> [Int32] {
        var positions = MultimodalPositions(
            imageToken: tokens.image, visionStartToken: tokens.visionStart,
            mergeSize: patch.mergeSize)
        for sequence in sequences {
            try positions.append(sequence.ids, images: sequence.grids)
        }
        return positions.flattened
    }
}
