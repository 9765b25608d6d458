// The bicubic resampler against Pillow 10.2, and the target sizes against the processor's.

import MoCaCore
import MoCaImage
import Testing

@Suite struct ResamplerTests {
    private func source(seed: Int, width: Int, height: Int, bands: Int) -> PixelImage {
        var bytes = noise(seed: seed, count: width * height * bands)
        if seed % 4 == 0 { bytes = bytes.map { $0 > 127 ? 255 : 0 } }
        return PixelImage(width: width, height: height, bands: bands, bytes: bytes)
    }

    @Test(arguments: [false, true]) func resizesAreBitEqual(isPortable: Bool) throws {
        let rows = try #require(try ImageFixtures.committed().resizes)
        #expect(rows.count == 300)
        for row in rows {
            let image = source(seed: row[0], width: row[1], height: row[2], bands: row[5])
            let resized = image.resized(width: row[3], height: row[4], isPortable: isPortable)
            #expect(checksum(resized.bytes) == UInt32(row[6]), "\(row)")
        }
    }

    @Test func greyEqualsRGBOfEqualChannels() {
        let grey = source(seed: 7, width: 131, height: 77, bands: 1)
        let colour = PixelImage(width: 131, height: 77, bands: 3, bytes: grey.rgb)
        #expect(
            grey.resized(width: 56, height: 84).rgb == colour.resized(width: 56, height: 84).bytes)
    }

    @Test func smartResizeIsEqual() throws {
        let rows = try #require(try ImageFixtures.committed().smart_resizes)
        #expect(rows.count > 900)
        for row in rows {
            let size = smartResize(
                width: row.width, height: row.height, factor: 28, budget: row.budget)
            #expect(size.map { [$0.height, $0.width] } == row.out, "\(row.width) x \(row.height)")
        }
    }

    @Test func gridIsKnownWithoutDecoding() throws {
        for row in try ImageFixtures.committed().images where row.error == nil {
            let header = try ImageHeader.read(fixture(row.file))
            let grid = try row.preprocessor.grid(width: header.width, height: header.height)
            #expect([grid.t, grid.h, grid.w] == row.grid, "\(row.file)")
            let tokens = try row.preprocessor.tokenCount(width: header.width, height: header.height)
            #expect(tokens == grid.patchCount / 4)
        }
    }
}
