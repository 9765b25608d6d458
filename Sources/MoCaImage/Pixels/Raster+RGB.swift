// Conversion of every mode to RGB, equal to convert("RGB") of Pillow 10.2.

package import MoCaCore

extension Raster {
    /// The image as RGB, or as grey if red, green and blue would be equal. Values above 255 are
    /// clipped.
    package func converted(_ alpha: AlphaRule = .drop) -> PixelImage {
        let plain = opaque
        switch alpha {
        case .drop: return plain
        case .whiteForRGBA: return mode == .rgba ? plain.onWhite(alphaBand ?? []) : plain
        case .white: return (alphaBand ?? opacity).map { plain.onWhite($0) } ?? plain
        }
    }

    /// The image without its alpha.
    private var opaque: PixelImage {
        switch samples {
        case .bytes(let bytes):
            switch mode {
            case .greyAlpha: image(1, Self.leading(1, of: bytes, bands: 2))
            case .rgba: image(3, Self.leading(3, of: bytes, bands: 4))
            case .cmyk: image(3, Self.rgb(cmyk: bytes))
            default: image(mode.bands, bytes)
            }
        case .words(let words): image(1, words.map { UInt8(min($0, 255)) })
        case .integers(let numbers): image(1, numbers.map { UInt8(max(0, min($0, 255))) })
        case .floats(let numbers):
            // NaN compares false and becomes 0.
            image(1, numbers.map { $0 >= 255 ? 255 : $0 > 0 ? UInt8($0) : 0 })
        }
    }

    /// The last band of a mode with alpha; nil for other modes.
    private var alphaBand: [UInt8]? {
        guard mode == .greyAlpha || mode == .rgba, case .bytes(let bytes) = samples else {
            return nil
        }
        return stride(from: mode.bands - 1, to: bytes.count, by: mode.bands).map { bytes[$0] }
    }

    private func image(_ bands: Int, _ bytes: [UInt8]) -> PixelImage {
        PixelImage(width: width, height: height, bands: bands, bytes: bytes)
    }

    /// The first `count` of each group of `bands` samples.
    static func leading<T>(_ count: Int, of samples: [T], bands: Int) -> [T] {
        let pixels = samples.count / bands
        return [T](unsafeUninitializedCapacity: pixels * count) { out, initialized in
            samples.withUnsafeBufferPointer { source in
                for pixel in 0..<pixels {
                    for band in 0..<count {
                        out.initializeElement(
                            at: pixel * count + band, to: source[pixel * bands + band])
                    }
                }
            }
            initialized = pixels * count
        }
    }

    /// Converts CMYK to RGB: nk - C * nk / 255 with nk = 255 - K.
    private static func rgb(cmyk: [UInt8]) -> [UInt8] {
        let pixels = cmyk.count / 4
        return [UInt8](unsafeUninitializedCapacity: pixels * 3) { out, initialized in
            for pixel in 0..<pixels {
                let light = 255 - cmyk[pixel * 4 + 3]
                for band in 0..<3 {
                    let ink = productOver255(cmyk[pixel * 4 + band], light)
                    out.initializeElement(at: pixel * 3 + band, to: light - ink)
                }
            }
            initialized = pixels * 3
        }
    }
}

extension PixelImage {
    /// The image composed on white, as Pillow pastes an image by its alpha.
    fileprivate func onWhite(_ alpha: [UInt8]) -> PixelImage {
        let composed = [UInt8](unsafeUninitializedCapacity: bytes.count) { out, initialized in
            for index in bytes.indices {
                let alpha = UInt32(alpha[index / bands])
                let sum = 255 * (255 - alpha) + UInt32(bytes[index]) * alpha + 128
                out.initializeElement(at: index, to: UInt8(((sum >> 8) + sum) >> 8))
            }
            initialized = bytes.count
        }
        return PixelImage(width: width, height: height, bands: bands, bytes: composed)
    }
}

/// The rounded value of a * b / 255; at most min(a, b).
func productOver255(_ a: UInt8, _ b: UInt8) -> UInt8 {
    let product = UInt32(a) * UInt32(b) + 128
    return UInt8(((product >> 8) + product) >> 8)
}
