package import Foundation

/// Writes an orientation (EXIF 2.32, tag 274) into encoded images.
package enum OrientedImage {
    /// A TIFF header and a directory whose only entry is the orientation, little-endian.
    private static func exif(_ orientation: UInt8) -> Data {
        Data([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0])
            + Data(count: 4)
    }

    /// A JPEG with an EXIF segment after its start marker.
    package static func jpeg(_ plain: Data, orientation: UInt8) -> Data {
        let content = Data("Exif\0\0".utf8) + exif(orientation)
        let length = UInt16(content.count + 2)
        return plain.prefix(2) + [0xff, 0xe1, UInt8(length >> 8), UInt8(length & 0xff)] + content
            + plain.dropFirst(2)
    }

    /// A PNG with an `eXIf` chunk after its header chunk.
    package static func png(_ plain: Data, orientation: UInt8) -> Data {
        let content = Data("eXIf".utf8) + exif(orientation)
        let headerEnd = 8 + 12 + 13
        return plain.prefix(headerEnd) + bigEndian(UInt32(content.count - 4)) + content
            + bigEndian(crc(content)) + plain.dropFirst(headerEnd)
    }

    /// A WebP of the simple format, of this size in pixels, in the extended format with EXIF data.
    package static func webP(
        _ plain: Data, width: Int, height: Int, orientation: UInt8
    ) -> Data {
        func littleEndian(_ value: Int, _ count: Int) -> Data {
            Data((0..<count).map { UInt8(value >> (8 * $0) & 0xff) })
        }
        let exif = exif(orientation)
        let header =
            Data("VP8X".utf8) + littleEndian(10, 4) + [0x08, 0, 0, 0] + littleEndian(width - 1, 3)
            + littleEndian(height - 1, 3)
        let body =
            Data("WEBP".utf8) + header + plain.dropFirst(12) + Data("EXIF".utf8)
            + littleEndian(exif.count, 4) + exif
        return Data("RIFF".utf8) + littleEndian(body.count, 4) + body
    }

    private static func bigEndian(_ value: UInt32) -> Data {
        withUnsafeBytes(of: value.bigEndian) { Data($0) }
    }

    /// CRC-32, bit by bit.
    private static func crc(_ data: Data) -> UInt32 {
        ~data.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in
                crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1
            }
        }
    }
}
