// The expectations that scripts/fixtures/image.py wrote.

import Foundation
import MoCaCore
import MoCaImage
import MoCaTestSupport
import Testing

/// Tests/Fixtures/image.
let fixtureFolder = Repository.fixtures.appending(path: "image")

/// The file `name` of the fixtures.
func fixture(_ name: String) -> ImageSource {
    .file(fixtureFolder.appendingPathComponent("files/\(name)"))
}

/// The bytes of the file `name` of the fixtures.
func fixtureData(_ name: String) throws -> Data {
    try Data(contentsOf: fixtureFolder.appendingPathComponent("files/\(name)"))
}

/// What the slow processor makes of one file.
struct ExpectedImage: Decodable {
    var file: String
    var rule: SmallSideRule
    var min_pixels: Int
    var max_pixels: Int
    var width: Int
    var height: Int
    var rgb: UInt32
    var grid: [Int]?
    var values: UInt32?
    var error: String?

    /// The processor with this row's pixel limits.
    var preprocessor: ImagePreprocessor {
        let budget = PixelBudget(minPixels: min_pixels, maxPixels: max_pixels)
        return ImagePreprocessor(configuration: ImageProcessorConfiguration(budget: budget))
    }
}

extension ImagePatches {
    /// The rows of `pixel_values`, `[P, 3 * frames * side * side]`, in the plainest way.
    func values(_ normalization: PatchNormalization) -> [Float] {
        let area = bytes.count / plan.patchCount / 3
        var values: [Float] = []
        values.reserveCapacity(bytes.count * normalization.frameCount)
        for start in stride(from: 0, to: bytes.count, by: area) {
            let first = start / area % 3 * 256
            let frame = bytes[start..<start + area].map { normalization.table[first + Int($0)] }
            for _ in 0..<normalization.frameCount { values += frame }
        }
        return values
    }
}

/// index.json.
struct ImageFixtures: Decodable {
    var images: [ExpectedImage]
    /// Seed, width, height, new width, new height, bands, checksum.
    var resizes: [[Int]]?
    /// Height, width, least and most pixels, and the new height and width or null.
    var smart_resizes: [SmartResizeRow]?

    /// The committed expectations.
    static func committed() throws -> ImageFixtures {
        try read(fixtureFolder.appendingPathComponent("index.json"))
    }

    /// The expectations in `file`.
    static func read(_ file: URL) throws -> ImageFixtures {
        try JSONDecoder().decode(ImageFixtures.self, from: Data(contentsOf: file))
    }
}

/// One row of the smart resize table.
struct SmartResizeRow: Decodable {
    var height: Int
    var width: Int
    var budget: PixelBudget
    var out: [Int]?

    init(from decoder: any Decoder) throws {
        var row = try decoder.unkeyedContainer()
        height = try row.decode(Int.self)
        width = try row.decode(Int.self)
        budget = PixelBudget(
            minPixels: try row.decode(Int.self), maxPixels: try row.decode(Int.self))
        out = try row.decodeIfPresent([Int].self)
    }
}

private let crcTable: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 0 ? 0 : 0xedb8_8320) }
}

/// CRC-32, as zlib computes it.
func checksum<T>(_ values: [T]) -> UInt32 {
    values.withUnsafeBytes { bytes in
        ~bytes.reduce(~0) { crc, byte in crc >> 8 ^ crcTable[Int(UInt8(crc & 0xff) ^ byte)] }
    }
}

/// `count` bytes of the random stream of `seed`.
func noise(seed: Int, count: Int) -> [UInt8] {
    var source = RandomSource(seed: UInt64(seed))
    var bytes: [UInt8] = []
    while bytes.count < count {
        withUnsafeBytes(of: source.next().littleEndian) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
}
