// The input rules of models whose images are tokens of the sequence: a vision start, one token for
// each merged group of patches, and a vision end.

package import MoCaCore

/// The ids of the tokens that mark images, as `config.json` states them.
package struct VisionTokens: Sendable, Hashable {
    package var image: Int32
    package var video: Int32
    package var visionStart: Int32
    package var visionEnd: Int32
    /// A token that is written back as read, like the next two; not used in computation.
    package var visionPad: Int32?
    package var beginning: Int32?
    package var end: Int32?
}

/// The input rules of one model.
package struct ImageTokenRules: InputRules {
    package let tokens: VisionTokens
    package let patch: PatchShape
    package let vocabularySize: Int
    package let maxPositions: Int

    package var markers: [(text: String, id: Int32)] {
        [
            ("<|image_pad|>", tokens.image), ("<|vision_start|>", tokens.visionStart),
            ("<|vision_end|>", tokens.visionEnd),
        ]
    }

    package var imageToken: Int32 { tokens.image }

    package func imageBlock(tokenCount: Int, _ markers: ImageMarkers) -> [Int32] {
        let image = [Int32](repeating: tokens.image, count: tokenCount)
        switch markers {
        case .enclosed: return [tokens.visionStart] + image + [tokens.visionEnd]
        case .none: return image
        }
    }

    package func check(_ plan: ImagePlan) throws(ModelError) {
        guard let grid = plan.grid else { throw .otherImages }
        try grid.checkMergeable(patch.mergeSize)
    }

    package func imageCount(in ids: [Int32]) -> Int {
        zip(ids, ids.dropFirst()).count { $0 == tokens.visionStart && $1 == tokens.image }
    }

    package func positions(
        of sequences: [EncoderInput.Sequence], _ rule: PositionRule
    ) throws(ModelError) -> [Int32] {
        switch rule {
        case .grids: try gridPositions(of: sequences)
        case .counting: try countingPositions(of: sequences)
        }
    }

    private func gridPositions(
        of sequences: [EncoderInput.Sequence]
    ) throws(ModelError) -> [Int32] {
        var positions = MultimodalPositions(
            imageToken: tokens.image, visionStartToken: tokens.visionStart,
            mergeSize: patch.mergeSize)
        for sequence in sequences {
            try positions.append(sequence.ids, images: sequence.plans.compactMap(\.grid))
        }
        return positions.flattened
    }
}
