import Foundation
import MoCaCore
import MoCaData
import MoCaTestSupport
import Testing
@testable import MoCaDataCheck

@Suite struct ImageFindingTests {
    /// A PNG's first bytes, which declare a size; the pixels are not there.
    private func declaring(_ width: Int, _ height: Int) throws -> Data {
        var data = try Data(contentsOf: pictures.appending(path: "grey.png"))
        for (offset, value) in [(16, width), (20, height)] {
            for byte in 0..<4 { data[offset + byte] = UInt8(value >> (24 - 8 * byte) & 255) }
        }
        // CRC-32 of the header chunk, bit by bit.
        var crc: UInt32 = 0xffff_ffff
        for byte in data[12..<29] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        crc = ~crc
        for byte in 0..<4 { data[29 + byte] = UInt8(crc >> UInt32(24 - 8 * byte) & 255) }
        return data
    }

    /// Writes an image of every kind into `images`.
    private func writeImages(_ images: URL) throws {
        try FileManager.default.createDirectory(
            at: images, withIntermediateDirectories: true)
        func put(_ name: String, _ data: Data) throws {
            try data.write(to: images.appending(path: name))
        }
        let sound = try Data(contentsOf: pictures.appending(path: "rgb_97x151.png"))
        try put("sound.png", sound)
        try put("broken.png", Data("no image at all".utf8))
        try put("empty.png", Data())
        try put("truncated.png", sound.prefix(sound.count * 2 / 3))
        try put("bomb.png", try declaring(60_000, 60_000))
        try put("tiny.png", Data(contentsOf: pictures.appending(path: "small_27x27.png")))
        try put("long.png", Data(contentsOf: pictures.appending(path: "row_6000x2.png")))
        try put("same.png", sound)
        try writePicture(images.appending(path: "waves.png")) { x, y in x * x / 9 + y * 3 }
        try writePicture(images.appending(path: "near.png")) { x, y in
            x * x / 9 + y * 3 + (x == 40 && y == 40 ? 2 : 0)
        }
    }

    /// Each image once, with what becomes of it; upright ones and TIFF are no findings.
    @Test(arguments: OrientationPolicy.allCases)
    func orientationsAreFound(policy: OrientationPolicy) throws {
        try withTemporaryFolder { folder in
            let images = folder.appending(path: "images")
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
            let plain = try Data(contentsOf: pictures.appending(path: "jpeg_420.jpg"))
            for orientation in [UInt8(1), 6] {
                try OrientedImage.jpeg(plain, orientation: orientation)
                    .write(to: images.appending(path: "\(orientation).jpg"))
            }
            let lines = ["1", "6", "6"].map { #"{"text": "a", "images": ["\#($0).jpg"]}"# }
            let result = try check(
                [write(lines, "photos", in: folder)], images: images, in: folder,
                orientation: policy)
            let found = result.findings.filter { $0.kind == "rotated_image" }
            let severity = policy == .exif ? "information" : "warning"
            #expect(found.map(\.description) == ["rotated_image \(severity) photos#1"])
            let effect =
                policy == .exif
                ? "the image is turned upright" : "it is ignored, and the image is used as stored"
            #expect(
                found.first?.reason == "\(images.path)/6.jpg has orientation 6 in its EXIF data: "
                    + "\(effect) (data.orientation: \(policy.rawValue))")
            #expect(result.quarantine.isEmpty)
        }
    }

    @Test func everyDefectOfAnImageIsFound() throws {
        try withTemporaryFolder { folder in
            let images = folder.appending(path: "images")
            try writeImages(images)
            let names = [
                "sound", "broken", "empty", "truncated", "bomb", "tiny", "long", "same", "waves",
                "near", "broken", "tiny",
            ]
            let lines = names.map { #"{"text": "a picture", "images": ["\#($0).png"]}"# }
            let result = try check(
                [write(lines, "images-of", in: folder)], images: images, in: folder)
            #expect(
                result.list == [
                    "broken_image error images-of#1", "broken_image error images-of#10",
                    "broken_image error images-of#2", "duplicate_image information images-of#7",
                    "elongated_image error images-of#6",
                    "near_duplicate_image information images-of#9",
                    "oversized_image error images-of#4", "repeated_record warning images-of#11",
                    "repeated_record warning images-of#7", "tiny_image warning images-of#5",
                    "truncated_image error images-of#3",
                ])
            #expect(result.quarantine == [1, 2, 3, 4, 6, 10].map { "images-of#\($0)" })
            #expect(result.summary.images == 10)
            let near = try #require(result.findings.first { $0.kind == "near_duplicate_image" })
            #expect(near.reason.contains("waves.png") && near.reason.contains("of 256 bits"))
        }
    }
}
