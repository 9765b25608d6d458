// How an image is made to fit the squares that a vision tower sees. The image processor's file
// states which way a model was trained with.

/// The way from a decoded image to patches.
package enum ImageFitting: Sendable, Hashable {
    /// The image is resized to whole image tokens within a budget of pixels (Qwen2-VL).
    case tokens
    /// The image is placed on one of several canvases, which is cut into tiles of `side` pixels;
    /// the whole image, squeezed into one tile, precedes them (LLaVA-NeXT).
    case canvas(side: Int, sizes: [PixelSize])
    /// The image is resized to at most `limit` crops of `side` pixels (Phi-3-vision).
    case crops(side: Int, limit: Int)
    /// The image is resized into the corner of a canvas of at most `limit` tiles of `side` pixels
    /// (Llama 3.2 Vision).
    case corner(side: Int, limit: Int)

    /// The maximum number of tiles of a canvas that depends on the tower; nil for others.
    package var tileCountMax: Int? {
        if case .corner(_, let limit) = self { limit } else { nil }
    }

    /// The filter that a file may state; that of crops is a constant of the released code.
    var filter: ResamplingFilter {
        if case .corner = self { .bilinear } else { .bicubic }
    }

    /// The side of the squares in pixels; nil for images of their own size.
    package var tileSize: Int? {
        switch self {
        case .tokens: nil
        case .canvas(let side, _), .crops(let side, _), .corner(let side, _): side
        }
    }
}

extension PixelImage {
    /// The image on a canvas of one colour.
    ///
    /// - Parameters:
    ///   - x: the column of the image's left side.
    ///   - y: the row of the image's upper side.
    ///   - fill: the level of red, green and blue around the image.
    func placed(on size: PixelSize, x: Int, y: Int, fill: UInt8) -> PixelImage {
        var canvas = [UInt8](repeating: fill, count: size.width * size.height * bands)
        let rowBytes = width * bands
        for row in 0..<height {
            let start = ((y + row) * size.width + x) * bands
            canvas.replaceSubrange(
                start..<start + rowBytes, with: bytes[row * rowBytes..<(row + 1) * rowBytes])
        }
        return PixelImage(width: size.width, height: size.height, bands: bands, bytes: canvas)
    }

    /// The image with rows and columns exchanged.
    var transposed: PixelImage {
        let count = bytes.count
        let turned = [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            for y in 0..<height {
                for x in 0..<width {
                    for band in 0..<bands {
                        out.initializeElement(
                            at: (x * height + y) * bands + band,
                            to: bytes[(y * width + x) * bands + band])
                    }
                }
            }
            initialized = count
        }
        return PixelImage(width: height, height: width, bands: bands, bytes: turned)
    }
}
