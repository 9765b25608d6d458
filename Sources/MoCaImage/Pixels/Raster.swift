// A decoded image in its file's own mode. The names in quotes are Pillow's, whose rules are followed.

/// Samples of one image, row by row, bands interleaved.
package enum Samples: Sendable, Hashable {
    case bytes([UInt8])
    case words([UInt16])
    case integers([Int32])
    case floats([Float])
}

/// How the samples of an image mean a colour, and how it is enlarged.
package enum RasterMode: Sendable, Hashable {
    /// "1": bytes 0 or 255.
    case bilevel
    /// "P": the palette is applied already (3 bands), and enlarging takes the nearest pixel.
    case palette
    /// "L".
    case grey
    /// "LA".
    case greyAlpha
    /// "RGB".
    case rgb
    /// "RGBA".
    case rgba
    /// "CMYK": 0 is no ink.
    case cmyk
    /// "I;16": words; enlarging takes the nearest pixel.
    case grey16
    /// "I".
    case integer
    /// "F".
    case float

    /// Samples of one pixel.
    var bands: Int {
        switch self {
        case .bilevel, .grey, .grey16, .integer, .float: 1
        case .greyAlpha: 2
        case .palette, .rgb: 3
        case .rgba, .cmyk: 4
        }
    }
}

/// A decoded image: `height` rows of `width` pixels of `mode.bands` samples.
package struct Raster: Sendable, Hashable {
    package var mode: RasterMode
    package var width: Int
    package var height: Int
    package var samples: Samples

    /// Makes an image of bytes.
    init(_ mode: RasterMode, width: Int, height: Int, bytes: [UInt8]) {
        self.init(mode, width: width, height: height, samples: .bytes(bytes))
    }

    /// Makes an image of any samples.
    init(_ mode: RasterMode, width: Int, height: Int, samples: Samples) {
        self.mode = mode
        self.width = width
        self.height = height
        self.samples = samples
    }
}

/// An image of bytes in which every pixel is one grey level or red, green and blue.
package struct PixelImage: Sendable, Hashable {
    /// Pixels in a row.
    package let width: Int
    /// Rows.
    package let height: Int
    /// 1 (grey) or 3 (RGB).
    package let bands: Int
    /// `height * width * bands` numbers, row by row.
    package let bytes: [UInt8]

    /// Makes an image; `bytes` must have `width * height * bands` numbers.
    package init(width: Int, height: Int, bands: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * bands && (bands == 1 || bands == 3))
        self.width = width
        self.height = height
        self.bands = bands
        self.bytes = bytes
    }

    /// Three bytes a pixel, whatever the bands: `height * width * 3` numbers.
    package var rgb: [UInt8] {
        bands == 3 ? bytes : bytes.flatMap { [$0, $0, $0] }
    }
}
