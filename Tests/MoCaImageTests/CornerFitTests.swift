import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaImage

/// Images in the corners of canvases, for Llama 3.2 Vision (`scripts/fixtures/families_mllama.py`).
@Suite struct CornerFitTests {
    @Test func placesAreThoseOfTheReleasedCode() throws {
        let file = Repository.fixtures.appending(path: "families/mme5/sizes.json")
        let rows = try JSONDecoder().decode([[Int]].self, from: Data(contentsOf: file))
        #expect(rows.count > 20)
        for row in rows {
            let fit = CornerFit(
                PixelSize(width: row[0], height: row[1]), side: 560, limit: 4, patchSize: 14)
            #expect(
                [fit.canvas.rows, fit.canvas.columns, fit.image.width, fit.image.height]
                    == Array(row[2...]), "\(row)")
        }
    }

    /// Patches lie tile by tile; what the image does not cover is black.
    @Test func aCanvasIsCutTileByTile() throws {
        var configuration = ImageProcessorConfiguration()
        configuration.fitting = .corner(side: 4, limit: 4)
        (configuration.patchSize, configuration.mergeSize) = (2, 1)
        let images = ImagePreprocessor(configuration: configuration)
        let bytes = (UInt8(0)..<24).flatMap { red -> [UInt8] in [red, 100 + red, 200] }
        let image = PixelImage(width: 8, height: 3, bands: 3, bytes: bytes)
        let found = images.corner(of: image, side: 4, limit: 4)
        #expect(found.plan == .canvas(ImageCanvas(rows: 1, columns: 2, side: 2)))
        // The red bytes of the patches: four of the left tile, then four of the right one.
        let red = (0..<8).map { patch in Array(found.bytes[patch * 12..<patch * 12 + 4]) }
        #expect(
            red == [
                [0, 1, 8, 9], [2, 3, 10, 11], [16, 17, 0, 0], [18, 19, 0, 0],
                [4, 5, 12, 13], [6, 7, 14, 15], [20, 21, 0, 0], [22, 23, 0, 0],
            ])
    }

    /// Pillow's alpha_composite of every mode but RGB: a tRNS colour is transparent too.
    @Test func everyModeIsComposedOnWhite() {
        let grey = Raster(.greyAlpha, width: 2, height: 1, bytes: [10, 0, 100, 128])
        #expect(grey.converted(.white).bytes == [255, 177])
        var palette = Raster(.palette, width: 2, height: 1, bytes: [1, 2, 3, 4, 5, 6])
        #expect(palette.converted(.white).bytes == [1, 2, 3, 4, 5, 6])
        palette.opacity = [255, 0]
        #expect(palette.converted(.white).bytes == [1, 2, 3, 255, 255, 255])
        #expect(palette.converted(.whiteForRGBA).bytes == [1, 2, 3, 4, 5, 6])
    }
}
