// Encoding of pixels into files, for the images of reports.

import CVips
package import Foundation

extension PixelImage {
    /// The image as a JPEG file; `quality` is 1 to 100. Throws `ImageError.encodingFailed`.
    package func jpeg(quality: Int = 85) throws -> Data {
        try encoded(.jpeg) { samples, out, count in
            cvips_encode_jpeg(
                samples, Int32(width), Int32(height), Int32(bands),
                Int32(min(max(quality, 1), 100)), out, count)
        }
    }

    /// The image as a PNG file. Throws `ImageError.encodingFailed`.
    package func png() throws -> Data {
        // 6 is zlib's default trade-off between size and time.
        try encoded(.png) { samples, out, count in
            cvips_encode_png(samples, Int32(width), Int32(height), Int32(bands), 6, out, count)
        }
    }

    /// The image reduced so that no side exceeds `side` pixels; never enlarged.
    package func thumbnail(side: Int) -> PixelImage {
        let longest = max(width, height)
        guard longest > side else { return self }
        return resized(
            width: max(1, width * side / longest), height: max(1, height * side / longest))
    }

    private typealias Encoder = (
        UnsafePointer<UInt8>?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        UnsafeMutablePointer<Int>
    ) -> cvips_status

    private func encoded(_ format: ImageFormat, by encode: Encoder) throws -> Data {
        var out: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard width <= 65535, height <= 65535, encode(bytes, &out, &count) == CVIPS_OK, let out
        else { throw ImageError.encodingFailed(format: format, width: width, height: height) }
        defer { cvips_free(out) }
        return Data(bytes: out, count: count)
    }
}
