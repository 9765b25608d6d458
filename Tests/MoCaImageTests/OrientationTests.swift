import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaImage

/// EXIF's orientation, ignored and applied.
struct OrientationTests {
    private static let kinds = ["jpeg", "png", "webp"]

    private func oriented(_ kind: String, _ orientation: UInt8) throws -> (plain: Data, data: Data)
    {
        switch kind {
        case "png":
            let plain = try fixtureData("rgb_97x151.png")
            return (plain, OrientedImage.png(plain, orientation: orientation))
        case "webp":
            let plain = try fixtureData("webp_lossy.webp")
            let size = try ImageDecoder().header(of: .encoded(plain, name: kind))
            return (
                plain,
                OrientedImage.webP(
                    plain, width: size.width, height: size.height, orientation: orientation)
            )
        default:
            let plain = try fixtureData("jpeg_420.jpg")
            return (plain, OrientedImage.jpeg(plain, orientation: orientation))
        }
    }

    /// The stored position of each upright pixel, from the table of the TIFF specification: which
    /// sides of the picture row 0 and column 0 are.
    private func stored(
        _ x: Int, _ y: Int, _ orientation: UInt8, _ width: Int, _ height: Int
    ) -> (Int, Int) {
        switch orientation {
        case 1: (x, y)
        case 2: (width - 1 - x, y)
        case 3: (width - 1 - x, height - 1 - y)
        case 4: (x, height - 1 - y)
        case 5: (y, x)
        case 6: (y, height - 1 - x)
        case 7: (width - 1 - y, height - 1 - x)
        default: (width - 1 - y, x)
        }
    }

    @Test(arguments: kinds, UInt8(1)...8)
    func orientationIsIgnoredOrApplied(kind: String, orientation: UInt8) throws {
        let (plain, data) = try oriented(kind, orientation)
        let source = ImageSource.encoded(data, name: kind)
        let image = try ImageDecoder().image(of: .encoded(plain, name: kind))
        #expect(try ImageDecoder().image(of: source) == image)
        let decoder = ImageDecoder(orientation: .exif)
        let upright = try decoder.image(of: source)
        let header = try decoder.header(of: source)
        #expect(header.orientation.rawValue == Int(orientation))
        #expect(decoder.applies(orientationOf: header))
        #expect((header.width, header.height) == (upright.width, upright.height))
        let isSideways = orientation >= 5
        #expect(upright.width == (isSideways ? image.height : image.width))
        for y in 0..<upright.height {
            for x in 0..<upright.width {
                let (column, row) = stored(x, y, orientation, image.width, image.height)
                for band in 0..<image.bands {
                    let own = upright.bytes[(y * upright.width + x) * image.bands + band]
                    let from = image.bytes[(row * image.width + column) * image.bands + band]
                    guard own != from else { continue }
                    Issue.record("pixel \(x), \(y) is not that at \(column), \(row)")
                    return
                }
            }
        }
    }

    /// The preprocessor takes the policy of its configuration, in the grid too.
    @Test func patchesAreThoseOfTheUprightImage() throws {
        let (_, data) = try oriented("jpeg", 6)
        var configuration = ImageProcessorConfiguration()
        let stored = ImagePreprocessor(configuration: configuration)
        configuration.orientation = .exif
        let turned = ImagePreprocessor(configuration: configuration)
        let source = ImageSource.encoded(data, name: "jpeg")
        let (a, b) = (try stored.patches(of: source), try turned.patches(of: source))
        let (lying, standing) = (try #require(a.grid), try #require(b.grid))
        #expect((lying.w, lying.h) == (standing.h, standing.w) && lying.w != lying.h)
        let upright = try ImageDecoder(orientation: .exif).image(of: source)
        #expect(try stored.patches(of: upright).bytes == b.bytes)
    }
}
