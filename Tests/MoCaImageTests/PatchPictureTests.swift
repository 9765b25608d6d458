// Tints over the tokens of a picture.

import MoCaCore
import Testing

@testable import MoCaImage

@Suite struct PatchPictureTests {
    /// A grey picture of 2 x 3 tokens.
    private func picture() -> (PatchPicture, ImageProcessorConfiguration) {
        var settings = ImageProcessorConfiguration()
        settings.patchSize = 4
        let grid = ImageGrid(t: 1, h: 4, w: 6)
        let width = 3 * settings.patchSize * settings.patchSize
        let bytes = [UInt8](repeating: 120, count: grid.patchCount * width)
        let patches = ImagePatches(grid: grid, bytes: bytes)
        return (PatchPicture(patches, settings: settings), settings)
    }

    private func pixel(_ image: PixelImage, _ x: Int, _ y: Int) -> [UInt8] {
        let start = (y * image.width + x) * 3
        return Array(image.bytes[start..<start + 3])
    }

    /// Every byte of every channel comes back from its number; what is beyond the bytes is clipped.
    @Test func numbersBecomeTheirBytesAgain() {
        var settings = ImageProcessorConfiguration()
        (settings.patchSize, settings.mergeSize) = (16, 1)
        let grid = ImageGrid(t: 1, h: 1, w: 1)
        let levels = (0..<3 * 256).map { UInt8($0 % 256) }
        let empty = PatchPicture(
            ImagePatches(grid: grid, bytes: [UInt8](repeating: 7, count: 768)), settings: settings)
        let whole = PatchPicture(ImagePatches(grid: grid, bytes: levels), settings: settings)
        let values = ImagePatches(grid: grid, bytes: levels).values(settings.normalization)
        #expect(empty.replacing([0], with: values).image().bytes == whole.image().bytes)
        let bright = empty.replacing([0], with: values.map { $0 + 100 })
        #expect(bright.image().bytes.allSatisfy { $0 == 255 })
        let broken = empty.replacing([0], with: values.map { _ in .nan })
        #expect(Set(broken.image().bytes).count == 1)
    }

    @Test(arguments: [1, 3]) func tintsStandOnTheirTokens(scale: Int) {
        let (picture, settings) = picture()
        let side = settings.patchSize * settings.mergeSize * scale
        let plain = picture.image(scale: scale)
        let tinted = picture.tinted([1, -1, 0, 0.5, 0, -2], scale: scale)
        #expect((tinted.width, tinted.height) == (3 * side, 2 * side))
        #expect(picture.groupColumns == 3)
        let middle = { (column: Int, row: Int) in
            (column * side + side / 2, row * side + side / 2)
        }
        let colours = (0..<6).map { group -> [UInt8] in
            let (x, y) = middle(group % 3, group / 3)
            return pixel(tinted, x, y)
        }
        let grey = pixel(plain, side / 2, side / 2)
        // Orange adds: more red than blue; blue the other way round.
        #expect(colours[0][0] > grey[0] && colours[0][2] < grey[2])
        #expect(colours[1][2] > grey[2] && colours[1][0] < grey[0])
        #expect(colours[2] == grey && colours[4] == grey)
        #expect((grey[0]..<colours[0][0]).contains(colours[3][0]) && colours[3] != grey)
        // What is beyond the scale is as strong as its end.
        #expect(colours[5] == colours[1])
        // Lines between tokens, none at the edge.
        #expect(pixel(tinted, 2 * side, side / 2)[0] < grey[0])
        #expect(pixel(tinted, 2 * side + side / 2, 0) == grey)
    }
}
