// Patches stay bytes, and become the numbers of `pixel_values` when they are asked for.
// Shapes: P patches, 12 bytes of a patch, 24 values.

import MoCaCore
import MoCaModel
import Testing
import Torch

@Suite struct PatchPixelsTests {
    private let normalization = PatchNormalization(
        table: (0..<768).map { Float($0) / 7 - 30 }, frameCount: 2)

    private func images(_ patchCounts: [Int]) -> [ImagePatches] {
        patchCounts.enumerated().map { number, count in
            ImagePatches(
                grid: ImageGrid(t: 1, h: 1, w: count),
                bytes: (0..<12 * count).map { UInt8(($0 * 31 + number * 17) % 256) })
        }
    }

    /// The rows in the plainest way: channel, frame, pixel.
    private func values(_ images: [ImagePatches]) -> [Float] {
        var values: [Float] = []
        let bytes = images.flatMap(\.bytes)
        for start in stride(from: 0, to: bytes.count, by: 4) {
            let frame = bytes[start..<start + 4].map {
                normalization.table[start / 4 % 3 * 256 + Int($0)]
            }
            values += frame + frame
        }
        return values
    }

    @Test func bytesBecomeTheirNumbers() throws {
        let images = images([3, 200, 0, 1])
        let pixels = try #require(PatchPixels(images, normalization))
        #expect((pixels.count, pixels.valueCount, pixels.byteCount) == (204, 24, 204 * 12))
        #expect(pixels.values().shape == [204, 24])
        #expect(pixels.values().array(Float.self) == values(images))
        #expect(PatchPixels(images[1], normalization).values().array() == values([images[1]]))
        #expect(PatchPixels([], normalization) == nil)
    }

    @Test func originalsAndPartsAreTheSameRows() throws {
        let pixels = try #require(PatchPixels(images([5, 4]), normalization))
        let all = pixels.values()
        #expect(
            pixels.originals(at: [8, 0, 3]).values().array(Float.self)
                == all.indexed(0, by: Tensor([8, 0, 3] as [Int])).array(Float.self))
        let parts = [pixels[0..<5], pixels[5..<9]]
        #expect(parts[1].values().array(Float.self) == all.narrowed(0, 5..<9).array(Float.self))
        let joined = try #require(PatchPixels.joined(parts))
        #expect(joined.byteCount == pixels.byteCount)
        #expect(joined.values().array(Float.self) == all.array(Float.self))
    }

    /// Noise is the same in bytes and in numbers, in the whole and in a part, and never touches what
    /// the batch holds.
    @Test func noiseCoversRowsWithoutChangingThem() throws {
        let bytes = try #require(PatchPixels(images([5, 4]), normalization))
        let plain = bytes.values().array(Float.self)
        var random = RandomSource(seed: 4)
        let row = Tensor.normal([1, 24], using: &random)
        for noise in [
            PatchPixels.Noise.independent([(rows: [1, 3], seed: 7), (rows: [6, 8], seed: 9)]),
            .shared(row, rows: [1, 3, 6, 8]),
        ] {
            var numbers = PatchPixels(values: bytes.values())
            var covered = bytes
            (numbers.noise, covered.noise) = (noise, noise)
            let values = covered.values().array(Float.self)
            #expect(numbers.values().array(Float.self) == values)
            #expect(covered.values().array(Float.self) == values)
            for patch in 0..<9 {
                let range = patch * 24..<(patch + 1) * 24
                #expect((values[range] == plain[range]) == ![1, 3, 6, 8].contains(patch))
            }
            #expect(covered[5..<9].values().array(Float.self) == Array(values[(5 * 24)...]))
            #expect(covered.originals(at: [1]).values().array(Float.self) == Array(plain[24..<48]))
        }
        #expect(bytes.values().array(Float.self) == plain)
    }
}
