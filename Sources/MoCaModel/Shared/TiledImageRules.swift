// The input rules of models that see an image as several squares of one size, and number all tokens
// in one row.

package import MoCaCore

/// The input rules of one model.
package struct TiledImageRules: InputRules {
    package let imageToken: Int32
    package let markers: [(text: String, id: Int32)]
    package let patch: PatchShape
    package let tileSize: Int?
    package let encodesTextsApart: Bool
    package let vocabularySize: Int
    package let maxPositions: Int

    package func imageBlock(tokenCount: Int, _ markers: ImageMarkers) -> [Int32] {
        [Int32](repeating: imageToken, count: tokenCount)
    }

    package func check(_ plan: ImagePlan) throws(ModelError) {
        let side =
            switch plan {
            case .tiles(let tiles): tiles.side
            case .crops(let crops): crops.side
            case .grid, .canvas: 0
            }
        guard side * patch.size == tileSize else { throw .otherImages }
    }

    /// Images without a text between them count as one: nothing separates their tokens.
    package func imageCount(in ids: [Int32]) -> Int {
        let starts = zip(ids, ids.dropFirst()).count { $0 != imageToken && $1 == imageToken }
        return starts + (ids.first == imageToken ? 1 : 0)
    }

    package func positions(
        of sequences: [EncoderInput.Sequence], _ rule: PositionRule
    ) throws(ModelError) -> [Int32] {
        try countingPositions(of: sequences)
    }
}
