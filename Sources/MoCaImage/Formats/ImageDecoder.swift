// Encoded bytes to samples: the decoder of each format, and the checks before decoding.

import Foundation
package import MoCaCore

/// The size that a file declares, read without decoding its pixels.
package struct ImageHeader: Sendable, Hashable {
    /// The format, according to the first bytes.
    package let format: ImageFormat
    /// The width in pixels, before any enlargement.
    package let width: Int
    /// The height in pixels.
    package let height: Int
    /// The orientation that the file states, applied or not; upright if it states none.
    package var orientation = ImageOrientation.upright

    /// Reads the header of `source`; throws `ImageError`.
    package static func read(_ source: ImageSource) throws -> ImageHeader {
        try ImageDecoder().header(of: source)
    }
}

/// Decodes the first frame of an image in its file's own mode. Colour profiles are ignored, as is
/// the EXIF orientation, unless `orientation` is `.exif`; missing data is an error. Safe to use
/// from several threads at once.
package struct ImageDecoder: Sendable {
    /// Pillow's limit against decompression bombs: twice the RGB pixels that fit in 256 MiB.
    package static let defaultPixelLimit = 178_956_970

    /// The maximum number of pixels that a header may declare.
    package var pixelLimit: Int
    /// The orientation tags that are applied.
    package var orientation: OrientationPolicy

    /// Creates a decoder that rejects images of more than `pixelLimit` pixels.
    package init(
        pixelLimit: Int = Self.defaultPixelLimit, orientation: OrientationPolicy = .ignore
    ) {
        self.pixelLimit = pixelLimit
        self.orientation = orientation
    }

    /// The declared size of `source`. Throws `ImageError`.
    package func header(of source: ImageSource) throws -> ImageHeader {
        let file = try EncodedImage(source, isHeaderOnly: true)
        switch file.format {
        case .gif:
            let header = try GIFHeader(file)
            return ImageHeader(format: .gif, width: header.width, height: header.height)
        case .bmp:
            let header = try BMPHeader(file)
            return ImageHeader(format: .bmp, width: header.width, height: header.height)
        default:
            let image = try VipsImage(file, policy: orientation)
            return ImageHeader(
                format: file.format, width: image.width, height: image.height,
                orientation: image.statedOrientation)
        }
    }

    /// Whether the stated orientation of an image is applied.
    package func applies(orientationOf header: ImageHeader) -> Bool {
        header.format == .tiff || orientation == .exif
    }

    /// The samples of `source`. Throws `ImageError`.
    package func raster(of source: ImageSource) throws -> Raster {
        let file = try EncodedImage(source)
        switch file.format {
        case .gif:
            let header = try GIFHeader(file)
            try check(header.width, header.height, of: file)
            return try header.decoded(file)
        case .bmp:
            let header = try BMPHeader(file)
            try check(header.width, header.height, of: file)
            return try header.decoded(file)
        default:
            let image = try VipsImage(file, policy: orientation)
            try check(image.width, image.height, of: file)
            return try image.decoded(file)
        }
    }

    /// The pixels of `source` as RGB, or as grey if the three channels are equal. Throws
    /// `ImageError`.
    package func image(of source: ImageSource) throws -> PixelImage {
        try raster(of: source).converted()
    }

    private func check(_ width: Int, _ height: Int, of file: EncodedImage) throws {
        guard width > 0 && height > 0 else {
            throw ImageError.damaged(name: file.name, format: file.format)
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow && pixels <= pixelLimit else {
            throw ImageError.tooManyPixels(
                name: file.name, width: width, height: height, limit: pixelLimit)
        }
    }
}

/// The bytes of one image, its name for errors, and its format.
struct EncodedImage {
    let name: String
    let data: Data
    let format: ImageFormat

    /// Reads `source`. If only the header is needed, a file is mapped instead of read.
    init(_ source: ImageSource, isHeaderOnly: Bool = false) throws {
        name = source.name
        switch source {
        case .file(let url):
            data = try Self.contents(of: url, isHeaderOnly: isHeaderOnly)
        case .encoded(let bytes, _):
            data = bytes
        }
        guard !data.isEmpty else { throw ImageError.empty(name: name) }
        guard let format = ImageFormat(signatureOf: data) else {
            throw ImageError.unknownFormat(name: name)
        }
        self.format = format
    }

    private static func contents(of url: URL, isHeaderOnly: Bool) throws -> Data {
        do {
            return try Data(contentsOf: url, options: isHeaderOnly ? .mappedIfSafe : [])
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            throw ImageError.missing(name: url.path)
        } catch {
            throw ImageError.unreadable(name: url.path, reason: error.localizedDescription)
        }
    }

    /// The error for undecodable data: truncated if the format's end marker is missing.
    var failure: ImageError {
        let hasEnd: Bool
        switch format {
        case .jpeg: hasEnd = data.range(of: Data([0xff, 0xd9]), options: .backwards) != nil
        case .png: hasEnd = data.range(of: Data("IEND".utf8), options: .backwards) != nil
        case .webp: hasEnd = (data.long(4, .little) ?? .max) + 8 <= data.count
        default: hasEnd = true
        }
        return hasEnd
            ? .damaged(name: name, format: format) : .truncated(name: name, format: format)
    }

    /// The error for data that ends early.
    var truncation: ImageError { .truncated(name: name, format: format) }

    /// The error for unsupported samples.
    func unsupported(_ samples: String) -> ImageError {
        .unsupportedSamples(name: name, format: format, samples: samples)
    }
}
