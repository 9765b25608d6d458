// The supported file formats, identified by their first bytes.

import Foundation

/// A format of encoded images.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case tiff = "TIFF"
    case gif = "GIF"
    case bmp = "BMP"
    case heif = "HEIF"
    case jxl = "JPEG XL"

    /// The usual name of the format.
    public var description: String { rawValue }

    /// All names, for error messages.
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The format whose signature `bytes` start with; file names are ignored.
    init?(signatureOf bytes: Data) {
        let formats = Self.allCases.filter { $0.signatures.contains(where: bytes.matches) }
        if let format = formats.first {
            self = format
        } else {
            return nil
        }
    }

    /// Alternative signatures, each a list of (offset, bytes) that must all match.
    private var signatures: [[(Int, [UInt8])]] {
        switch self {
        case .jpeg: [[(0, [0xff, 0xd8, 0xff])]]
        case .png: [[(0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])]]
        case .webp: [[(0, Array("RIFF".utf8)), (8, Array("WEBP".utf8))]]
        case .tiff:
            [[(0, [0x49, 0x49, 42, 0])], [(0, [0x4d, 0x4d, 0, 42])], [(0, [0x49, 0x49, 43, 0])]]
        case .gif: [[(0, Array("GIF87a".utf8))], [(0, Array("GIF89a".utf8))]]
        case .bmp: [[(0, Array("BM".utf8))]]
        case .heif:
            ["heic", "heix", "hevc", "mif1", "msf1", "avif", "avis"].map { brand in
                [(4, Array("ftyp".utf8)), (8, Array(brand.utf8))]
            }
        case .jxl:
            [[(0, [0xff, 0x0a])], [(0, [0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20])]]
        }
    }
}
