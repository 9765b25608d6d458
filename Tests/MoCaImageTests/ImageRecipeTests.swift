import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaImage

/// The sizes that embedders resize images to (`scripts/fixtures/families.py`).
@Suite struct ImageRecipeTests {
    private struct Row: Decodable {
        var kind: String
        /// Width, height, target width, target height.
        var sizes: [Int] = []

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            kind = try row.decode(String.self)
            while !row.isAtEnd { sizes.append(try row.decode(Int.self)) }
        }
    }

    private let recipes: [String: ImageRecipe] = [
        "vlm2vec": ImageRecipe(
            shortSides: .squared, elongated: .squared, minimumSide: .whenReduced),
        "gme": ImageRecipe(
            shortSides: .kept, elongated: .kept, minimumSide: .whenReduced,
            firstLimits: 4...16_384),
        "colqwen2": ImageRecipe(shortSides: .kept, elongated: .kept, minimumSide: .whenReduced),
        "qwen3_vl_embedding": ImageRecipe(
            shortSides: .kept, elongated: .kept, minimumSide: .always),
    ]

    @Test func targetsAreThoseOfTheReleasedCode() throws {
        let file = Repository.fixtures.appending(path: "families/sizes.json")
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: file))
        #expect(rows.count == 72)
        for row in rows {
            let recipe = try #require(recipes[row.kind])
            let side = row.kind == "qwen3_vl_embedding" ? 32 : 28
            let most = ["gme": 20, "qwen3_vl_embedding": 1800][row.kind] ?? 24
            let sizes = try recipe.sizes(
                of: PixelSize(width: row.sizes[0], height: row.sizes[1]), side: side,
                budget: PixelBudget(minPixels: 4 * side * side, maxPixels: most * side * side),
                name: "x")
            #expect([sizes.target.width, sizes.target.height] == Array(row.sizes[2...]), "\(row)")
        }
    }

    /// Pillow's paste: each channel is rounded once.
    @Test func transparentPixelsAreComposedOnWhite() {
        let raster = Raster(.rgba, width: 2, height: 1, bytes: [10, 20, 200, 0, 100, 50, 0, 128])
        #expect(raster.converted(.whiteForRGBA).bytes == [255, 255, 255, 177, 152, 127])
        #expect(raster.converted().bytes == [10, 20, 200, 100, 50, 0])
    }
}
