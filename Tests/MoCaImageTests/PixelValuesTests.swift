// Bit equality with Pillow 10.2 and the slow Qwen2-VL processor, for every kind of file.

import Foundation
import MoCaCore
import MoCaImage
import Testing

@Suite struct PixelValuesTests {
    /// Compares one file with its expectation; returns what differs, or nil.
    private func difference(_ expected: ExpectedImage, in folder: URL) throws -> String? {
        let file = URL(fileURLWithPath: expected.file, relativeTo: folder)
        let raster = try ImageDecoder().raster(of: .file(file))
        let image = raster.enlarged(to: 28, by: expected.rule).converted()
        if image.width != expected.width || image.height != expected.height {
            return "size \(image.width) x \(image.height)"
        }
        if checksum(image.rgb) != expected.rgb { return "RGB of mode \(raster.mode)" }
        if expected.error != nil {
            #expect(throws: ImageError.self) {
                try expected.preprocessor.patches(of: .file(file), rule: expected.rule)
            }
            return nil
        }
        let patches = try expected.preprocessor.patches(of: .file(file), rule: expected.rule)
        if patches.grid.map({ [$0.t, $0.h, $0.w] }) != expected.grid {
            return "plan \(patches.plan)"
        }
        return checksum(patches.values(expected.preprocessor.configuration.normalization))
            == expected.values ? nil : "pixel values"
    }

    @Test func everyKindIsBitEqual() throws {
        let expected = try ImageFixtures.committed().images
        #expect(expected.count > 300)
        let folder = fixtureFolder.appendingPathComponent("files/")
        for row in expected {
            let found = try difference(row, in: folder)
            #expect(found == nil, "\(row.file), \(row.rule)")
        }
    }

    /// Real files of one's own: an index made by `scripts/fixtures/image.py --real`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MOCA_IMAGE_INDEX"] != nil))
    func realFilesAreBitEqual() throws {
        let path = ProcessInfo.processInfo.environment["MOCA_IMAGE_INDEX"] ?? ""
        for row in try ImageFixtures.read(URL(fileURLWithPath: path)).images {
            let found = try difference(row, in: URL(fileURLWithPath: "/"))
            #expect(found == nil, "\(row.file)")
        }
    }

    @Test func rowsAreChannelFrameRowColumnInMergedOrder() throws {
        // A pixel's number tells its place: red = x, green = y.
        let side = 56
        let bytes: [UInt8] = (0..<side * side).flatMap { [UInt8($0 % side), UInt8($0 / side), 0] }
        let budget = PixelBudget(minPixels: 784, maxPixels: side * side)
        let preprocessor = ImagePreprocessor(
            configuration: ImageProcessorConfiguration(budget: budget))
        let patches = try preprocessor.patches(
            of: PixelImage(width: side, height: side, bands: 3, bytes: bytes))
        #expect(patches.grid == ImageGrid(t: 1, h: 4, w: 4))
        let values = patches.values(preprocessor.configuration.normalization)
        #expect(values.count == 16 * 1176)
        for (row, place) in [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
            .enumerated()
        {
            for channel in 0..<2 {
                for frame in 0..<2 {
                    let index = row * 1176 + channel * 392 + frame * 196 + 3 * 14 + 5
                    let level = channel == 0 ? place.1 * 14 + 5 : place.0 * 14 + 3
                    let mean = Float([0.48145466, 0.4578275][channel])
                    let deviation = Float([0.26862954, 0.26130258][channel])
                    #expect(
                        values[index]
                            == (Float(Double(level) * (1 / 255)) - mean) / deviation)
                }
            }
        }
    }

    @Test func manyThreadsGiveTheSameNumbers() async throws {
        let names = ["jpeg_420.jpg", "webp_lossy.webp", "rgba.png", "gif.gif", "tiff_rgb_lzw.tif"]
        let budget = PixelBudget(minPixels: 4 * 784, maxPixels: 24 * 784)
        let preprocessor = ImagePreprocessor(
            configuration: ImageProcessorConfiguration(budget: budget))
        let alone = try names.map { try preprocessor.patches(of: fixture($0)) }
        // Failures beside successes: libvips' error text is shared by all threads.
        @Sendable func expectFailure(_ number: Int) throws {
            let name = "broken \(number)"
            let source = ImageSource.encoded(try fixtureData("rgba.png").prefix(200), name: name)
            #expect(throws: ImageError.truncated(name: name, format: .png)) {
                try preprocessor.patches(of: source)
            }
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in 0..<200 {
                group.addTask {
                    if i % 7 == 0 { try expectFailure(i) }
                    let index = i % names.count
                    return try preprocessor.patches(of: fixture(names[index])) == alone[index]
                }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }
}
