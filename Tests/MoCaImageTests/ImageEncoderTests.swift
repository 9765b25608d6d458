// Pictures for reports: written, and read back.

import CVips
import Foundation
import MoCaCore
import MoCaImage
import Testing

@Suite struct ImageEncoderTests {
    @Test(arguments: ["rgb_97x151.png", "grey.png"]) func pngKeepsEveryPixel(name: String) throws {
        let image = try ImageDecoder().image(of: fixture(name))
        let data = try image.png()
        #expect(try ImageDecoder().image(of: .encoded(data, name: "png")) == image)
    }

    @Test(arguments: ["rgb_97x151.png", "grey.png"]) func jpegIsNear(name: String) throws {
        let image = try ImageDecoder().image(of: fixture(name))
        let small = try image.jpeg(quality: 30)
        let large = try image.jpeg(quality: 95)
        #expect(small.count < large.count)
        let back = try ImageDecoder().image(of: .encoded(large, name: "jpeg"))
        #expect(back.width == image.width && back.bands == image.bands)
        let total = zip(back.bytes, image.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(total / image.bytes.count < 12)
    }

    @Test func thumbnailsKeepTheShapeAndAreNeverLarger() throws {
        let image = try ImageDecoder().image(of: fixture("rgb_333x41.png"))
        let thumbnail = image.thumbnail(side: 100)
        #expect(thumbnail.width == 100 && thumbnail.height == 12)
        #expect(image.thumbnail(side: 1000) == image)
    }
}

/// Formats that only some builds of libvips read; Pillow 10.2 reads neither.
@Suite struct OptionalFormatTests {
    private func difference(_ name: String, from original: String) throws -> Double {
        let file = fixtureFolder.appendingPathComponent("extra/\(name)")
        let image = try ImageDecoder().image(of: .file(file))
        let expected = try ImageDecoder().image(of: fixture(original))
        #expect(image.width == expected.width && image.height == expected.height)
        let total = zip(image.bytes, expected.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        return Double(total) / Double(expected.bytes.count)
    }

    @Test(.enabled(if: cvips_can_read(CVIPS_JXL) != 0)) func losslessJPEGXLIsEqual() throws {
        #expect(try difference("rgb_29x31.jxl", from: "rgb_29x31.png") == 0)
    }

    @Test(.enabled(if: cvips_can_read(CVIPS_HEIF) != 0)) func heifIsNear() throws {
        #expect(try difference("rgb_56x84.heic", from: "rgb_56x84.png") < 24)
    }
}
