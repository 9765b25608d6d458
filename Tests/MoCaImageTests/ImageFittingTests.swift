import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaImage

/// How images fit squares (`scripts/fixtures/families_squares.py`).
@Suite struct ImageFittingTests {
    private struct Rules: Decodable {
        /// Width and height of each canvas, in pixels.
        var canvases: [[Int]]
        var squares: [Square]

        struct Square: Decodable {
            var width: Int
            var height: Int
            /// Width and height of the canvas, of the image on it, and the number of tokens.
            var canvas: [Int]
            /// Width and height of the image that is wider than high, rows and columns of crops.
            var crops: [Int]
        }
    }

    private static func rules() throws -> Rules {
        let file = Repository.fixtures.appending(path: "families/squares.json")
        return try JSONDecoder().decode(Rules.self, from: Data(contentsOf: file))
    }

    @Test func canvasesAreThoseOfTransformers() throws {
        let rules = try Self.rules()
        let sizes = rules.canvases.map { PixelSize(width: $0[0], height: $0[1]) }
        #expect(rules.squares.count == 18)
        for row in rules.squares {
            let fit = CanvasFit(PixelSize(width: row.width, height: row.height), sizes: sizes)
            let tiles = fit.tiles(side: 336, patchSize: 14)
            let found = [
                fit.canvas.width, fit.canvas.height, fit.image.width, fit.image.height,
                tiles.tokenCount,
            ]
            #expect(found == row.canvas, "\(row)")
            #expect(tiles.rows * 336 == fit.canvas.height && tiles.side == 24)
        }
    }

    @Test func cropsAreThoseOfTheReleasedCode() throws {
        for row in try Self.rules().squares where row.crops[1] > 0 {
            let size = PixelSize(width: row.width, height: row.height)
            let fit = try #require(CropFit(size, side: 336, limit: 16))
            let crops = fit.crops(patchSize: 14)
            #expect(
                [fit.image.width, fit.image.height, crops.rows, crops.columns] == row.crops,
                "\(row)")
            #expect(fit.isTransposed == (row.width < row.height))
            let (rows, columns) = (crops.rows, crops.columns)
            #expect(crops.tokenCount == (rows * columns + 1) * 144 + 1 + (rows + 1) * 12)
        }
    }

    /// A file's own sizes and number of crops, and the division in float32 of Phi's processor.
    @Test func theProcessorDecides() throws {
        let llava = try ImageProcessorConfiguration(folder: Self.folder("vlm2vec_llava"))
        guard case .canvas(let side, let sizes) = llava.fitting else {
            Issue.record("\(llava.fitting)")
            return
        }
        #expect(side == 56 && sizes.first == PixelSize(width: 112, height: 56))
        #expect(llava.temporalPatchSize == 1 && llava.mergeSize == 1)
        let phi = try ImageProcessorConfiguration(folder: Self.folder("vlm2vec_phi3v"))
        #expect(phi.fitting == .crops(side: 336, limit: 4) && phi.mergeSize == 2)
        let mean = Float(phi.mean[1])
        #expect(
            phi.normalization.table[256 + 51] == (Float(51) / 255 - mean) / Float(phi.deviation[1]))
    }

    private static func folder(_ kind: String) -> URL {
        Repository.fixtures.appending(path: "families/\(kind)")
    }

    /// The plan is known from the header, and is that of the patches.
    @Test(arguments: ["vlm2vec_llava", "vlm2vec_phi3v"], [(45, 30), (30, 200), (1, 1)])
    func patchesFollowThePlan(kind: String, size: (Int, Int)) throws {
        let preprocessor = ImagePreprocessor(
            configuration: try ImageProcessorConfiguration(folder: Self.folder(kind)))
        let bytes = [UInt8](repeating: 7, count: size.0 * size.1 * 3)
        let image = PixelImage(width: size.0, height: size.1, bands: 3, bytes: bytes)
        let patches = try preprocessor.patches(of: .encoded(image.png(), name: "x.png"))
        #expect(try preprocessor.plan(width: size.0, height: size.1) == patches.plan)
        #expect(patches.bytes.count == patches.plan.patchCount * 588)
        let margin: UInt8 = kind == "vlm2vec_llava" ? 0 : 255
        #expect(Set(patches.bytes).isSubset(of: [7, margin]))
    }

    @Test func aLineHasNoCrops() throws {
        let preprocessor = ImagePreprocessor(
            configuration: try ImageProcessorConfiguration(folder: Self.folder("vlm2vec_phi3v")))
        guard case .crops(let side, let limit) = preprocessor.configuration.fitting else {
            Issue.record("not cut into crops")
            return
        }
        let error = ImageError.tooThin(
            name: "x", width: 3, height: 9000, crops: limit, side: side)
        #expect(throws: error) {
            try preprocessor.plan(width: 3, height: 9000, name: "x")
        }
    }

    /// The drawn picture is the canvas: tiles in their places, without the reduced whole image.
    @Test func aPictureIsMadeOfItsTiles() throws {
        var configuration = ImageProcessorConfiguration()
        configuration.fitting = .canvas(side: 28, sizes: [PixelSize(width: 56, height: 28)])
        (configuration.mergeSize, configuration.temporalPatchSize) = (1, 1)
        let pixels = (0..<56 * 28).flatMap { index -> [UInt8] in
            [UInt8(index % 56), UInt8(index / 56), 9]
        }
        let image = PixelImage(width: 56, height: 28, bands: 3, bytes: pixels)
        let patches = try ImagePreprocessor(configuration: configuration)
            .patches(of: .encoded(image.png(), name: "x.png"))
        let picture = PatchPicture(patches, settings: configuration)
        #expect(picture.grid == ImageGrid(t: 1, h: 2, w: 4))
        #expect(picture.image().bytes == pixels)
    }
}
