// Files that are missing, empty, cut, corrupted, or that claim too much: typed errors, no crash.

import Foundation
import MoCaCore
import MoCaImage
import Testing

@Suite struct DamagedImageTests {
    private let preprocessor = ImagePreprocessor(
        configuration: ImageProcessorConfiguration(
            budget: PixelBudget(minPixels: 784, maxPixels: 24 * 784)))

    private func failure(_ data: Data, named name: String = "x") -> ImageError? {
        do {
            _ = try preprocessor.patches(of: .encoded(data, name: name))
            return nil
        } catch let error as ImageError {
            return error
        } catch {
            Issue.record("untyped error \(error)")
            return nil
        }
    }

    @Test func missingEmptyAndUnknownFilesAreNamed() {
        let path = "/nowhere/image.png"
        #expect(throws: ImageError.missing(name: path)) {
            try preprocessor.patches(of: .file(URL(fileURLWithPath: path)))
        }
        #expect(failure(Data()) == .empty(name: "x"))
        #expect(failure(Data("hello".utf8)) == .unknownFormat(name: "x"))
        #expect(failure(Data("<svg></svg>".utf8)) == .unknownFormat(name: "x"))
        #expect(failure(Data("%PDF-1.4".utf8)) == .unknownFormat(name: "x"))
        #expect(throws: ImageError.self) {
            try preprocessor.patches(of: .file(URL(fileURLWithPath: "/tmp")))
        }
    }

    @Test(arguments: [
        ("jpeg_420.jpg", ImageFormat.jpeg), ("rgb_97x151.png", .png), ("webp_lossless.webp", .webp),
        ("gif.gif", .gif), ("bmp_rgb.bmp", .bmp),
    ])
    func halfAFileIsTruncated(name: String, format: ImageFormat) throws {
        let data = try fixtureData(name)
        #expect(failure(data.prefix(data.count / 2)) == .truncated(name: "x", format: format))
    }

    @Test func everyPrefixGivesATypedErrorOrAnImage() throws {
        for name in [
            "jpeg_progressive.jpg", "la.png", "webp_alpha.webp", "gif_interlaced.gif",
            "tiff_rgb_lzw.tif", "bmp_runs.bmp", "bmp_4bit.bmp",
        ] {
            let data = try fixtureData(name)
            for count in stride(from: 0, to: data.count, by: max(1, data.count / 60)) {
                let error = failure(data.prefix(count))
                #expect(error != nil, "\(name) cut to \(count) of \(data.count)")
            }
        }
    }

    @Test func corruptedBytesNeverCrash() throws {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: fixtureFolder.appendingPathComponent("files").path
        ).sorted()
        var random = RandomSource(seed: 3)
        // Headers may come to declare giants: a low limit keeps the test's memory bounded.
        let decoder = ImageDecoder(pixelLimit: 1_000_000)
        for name in names {
            let data = try fixtureData(name)
            for _ in 0..<12 {
                var broken = data
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let reach = Bool.random(using: &random) ? min(64, data.count) : data.count
                    broken[Int.random(in: 0..<reach, using: &random)] =
                        UInt8.random(in: 0...255, using: &random)
                }
                do {
                    let image = try decoder.image(of: .encoded(broken, name: name))
                    #expect(image.bytes.count == image.width * image.height * image.bands)
                } catch {
                    #expect(error is ImageError, "\(name): \(error)")
                }
            }
        }
    }

    @Test func declaredPixelsAreLimited() throws {
        var png = try fixtureData("rgb_28x28.png")
        png.replaceSubrange(16..<24, with: [0, 0, 0x80, 0, 0, 0, 0x80, 0])
        // The header's checksum, so that the size is believed.
        let crc = checksum([UInt8](png[12..<29]))
        png.replaceSubrange(29..<33, with: withUnsafeBytes(of: crc.bigEndian) { Array($0) })
        #expect(
            failure(png)
                == .tooManyPixels(name: "x", width: 32768, height: 32768, limit: 178_956_970))
        var gif = try fixtureData("gif.gif")
        gif.replaceSubrange(6..<10, with: [0xff, 0xff, 0xff, 0xff])
        #expect(
            failure(gif)
                == .tooManyPixels(name: "x", width: 65535, height: 65535, limit: 178_956_970))
        let strict = ImagePreprocessor(
            configuration: ImageProcessorConfiguration(), pixelLimit: 783)
        #expect(throws: ImageError.self) { try strict.patches(of: fixture("rgb_28x28.png")) }
        #expect(throws: Never.self) {
            try ImageDecoder(pixelLimit: 784).raster(of: fixture("rgb_28x28.png"))
        }
    }

    @Test func elongatedImagesAreRefusedBeforeWork() {
        #expect(throws: ImageError.tooElongated(name: "x", width: 5601, height: 28)) {
            try preprocessor.grid(width: 5601, height: 20, name: "x")
        }
        let error = ImageError.overBudget(name: "x", width: 5600, height: 28, maxPixels: 24 * 784)
        #expect(throws: error) { try preprocessor.grid(width: 5600, height: 28, name: "x") }
        let roomy = ImagePreprocessor(configuration: ImageProcessorConfiguration())
        #expect(throws: Never.self) { try roomy.grid(width: 5600, height: 28) }
    }

    @Test func sidesBelowALongTokenAreEnlargedToIt() throws {
        var configuration = ImageProcessorConfiguration()
        configuration.patchSize = 16
        let preprocessor = ImagePreprocessor(configuration: configuration)
        let grid = try preprocessor.grid(width: 5, height: 64, name: "x")
        #expect(grid.h >= 2 * grid.w && grid.w.isMultiple(of: 2))
        let grey = [UInt8](repeating: 0, count: 320)
        let image = PixelImage(width: 5, height: 64, bands: 1, bytes: grey)
        #expect(throws: ImageError.tooSmall(name: "x", width: 5, height: 64, side: 32)) {
            try preprocessor.patches(of: image, name: "x")
        }
    }
}
