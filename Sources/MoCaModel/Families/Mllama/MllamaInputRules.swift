// The input rules of Llama 3.2 Vision: one token marks the place of an image, whose vectors are not
// part of the sequence.

package import MoCaCore

/// The input rules of one model.
struct MllamaInputRules: InputRules {
    let imageToken: Int32
    let patch: PatchShape
    let vision: MllamaConfiguration.Vision
    let vocabularySize: Int
    let maxPositions: Int

    var tileSize: Int? { vision.tileSize }
    var tileCountMax: Int? { vision.tileCountMax }

    var markers: [(text: String, id: Int32)] { [("<|image|>", imageToken)] }

    /// All tiles are computed, also those that an image does not have.
    var vectorsAnImage: Int { vision.tileCountMax * vision.tileVectors }

    func imageBlock(tokenCount: Int, _ markers: ImageMarkers) -> [Int32] { [imageToken] }

    func imageCount(in ids: [Int32]) -> Int { ids.count { $0 == imageToken } }

    func check(_ plan: ImagePlan) throws(ModelError) {
        guard case .canvas(let canvas) = plan, vision.canvases.contains(canvas) else {
            throw .otherImages
        }
    }

    /// Counts up in each sequence, by either rule: images have no positions.
    func positions(
        of sequences: [EncoderInput.Sequence], _ rule: PositionRule
    ) throws(ModelError) -> [Int32] {
        try countingPositions(of: sequences)
    }
}
