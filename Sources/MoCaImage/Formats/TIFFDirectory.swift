// The TIFF tags that define the meaning of the samples.

import Foundation

/// The short integer tags in the first directory of a TIFF or BigTIFF file.
struct TIFFDirectory {
    /// The tags that are read.
    enum Tag: Int {
        case bitsPerSample = 258
        case photometric = 262
        case samplesPerPixel = 277
        case extraSamples = 338
        case sampleFormat = 339
    }

    private var values: [Tag: [Int]] = [:]

    /// The values of a tag; empty if the file does not have it.
    subscript(tag: Tag) -> [Int] { values[tag] ?? [] }

    /// Reads the first directory of `file`. Throws `ImageError`.
    init(_ file: EncodedImage) throws {
        let data = file.data
        let order: ByteOrder = data.byte(0) == 0x4d ? .big : .little
        let isBig = data.word(2, order) == 43
        guard let start = Self.address(data, isBig ? 8 : 4, isBig, order),
            let count = isBig ? data.long(start, order) : data.word(start, order),
            count <= 4096
        else { throw file.failure }
        let (entrySize, first) = isBig ? (20, start + 8) : (12, start + 2)
        for index in 0..<count {
            let entry = first + index * entrySize
            guard let number = data.word(entry, order) else { throw file.failure }
            guard let tag = Tag(rawValue: number) else { continue }
            values[tag] = try Self.shorts(file, entry, isBig, order)
        }
    }

    private static func address(
        _ data: Data, _ offset: Int, _ isBig: Bool, _ order: ByteOrder
    ) -> Int? {
        guard isBig else { return data.long(offset, order) }
        // Offsets above 4 GB do not occur, because the bytes are in memory.
        return data.long(order == .little ? offset : offset + 4, order)
    }

    private static func shorts(
        _ file: EncodedImage, _ entry: Int, _ isBig: Bool, _ order: ByteOrder
    ) throws -> [Int] {
        let data = file.data
        let valueAt = entry + (isBig ? 12 : 8)
        guard let type = data.word(entry + 2, order),
            let count = address(data, entry + 4, isBig, order), count <= 64,
            let start = count * 2 <= (isBig ? 8 : 4)
                ? valueAt : address(data, valueAt, isBig, order)
        else { throw file.failure }
        // Writers use 32-bit integers for single values too; type 3 has 16 bits, type 4 has 32.
        if type == 4 && count == 1, let value = data.long(valueAt, order) { return [value] }
        guard type == 3 else { return [] }
        return try (0..<count).map { index in
            guard let value = data.word(start + 2 * index, order) else { throw file.failure }
            return value
        }
    }
}
