// A decoded image in its file's own mode. Quoted names are Pillow's modes, whose rules apply.

/// The samples of an image, row by row, with interleaved bands.
package enum Samples: Sendable, Hashable {
    case bytes([UInt8])
    case words([UInt16])
    case integers([Int32])
    case floats([Float])
}

/// The colour mode of an image, which also determines the enlargement filter.
package enum RasterMode: Sendable, Hashable {
    /// "1": bytes 0 or 255.
    case bilevel
    /// "P": the palette is already applied (3 bands), and enlarging uses the nearest pixel.
    case palette
    /// "L": grey.
    case grey
    /// "LA": grey with alpha.
    case greyAlpha
    /// "RGB": red, green, blue.
    case rgb
    /// "RGBA": red, green, blue, alpha.
    case rgba
    /// "CMYK": 0 means no ink.
    case cmyk
    /// "I;16": words; enlarging uses the nearest pixel.
    case grey16
    /// "I": 32-bit integers.
    case integer
    /// "F": 32-bit floating-point numbers.
    case float

    /// The number of samples of one pixel.
    var bands: Int {
        switch self {
        case .bilevel, .grey, .grey16, .integer, .float: 1
        case .greyAlpha: 2
        case .palette, .rgb: 3
        case .rgba, .cmyk: 4
        }
    }
}

/// A decoded image of shape `[height, width, mode.bands]`.
package struct Raster: Sendable, Hashable {
    package var mode: RasterMode
    package var width: Int
    package var height: Int
    package var samples: Samples
    /// The opacity of each pixel, `[height, width]`, if the mode has no band for it: that of the
    /// transparent colours of a palette or of a grey image; nil if the file states none.
    var opacity: [UInt8]?

    /// Creates an image from bytes.
    init(_ mode: RasterMode, width: Int, height: Int, bytes: [UInt8]) {
        self.init(mode, width: width, height: height, samples: .bytes(bytes))
    }

    /// Creates an image from any samples.
    init(_ mode: RasterMode, width: Int, height: Int, samples: Samples) {
        self.mode = mode
        self.width = width
        self.height = height
        self.samples = samples
    }
}

/// An image of bytes, grey or RGB.
package struct PixelImage: Sendable, Hashable {
    /// The width in pixels.
    package let width: Int
    /// The height in pixels.
    package let height: Int
    /// The number of bands, 1 (grey) or 3 (RGB).
    package let bands: Int
    /// The pixels, `[height, width, bands]`.
    package let bytes: [UInt8]

    /// Creates an image; `bytes` must have `width * height * bands` elements.
    package init(width: Int, height: Int, bands: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height * bands && (bands == 1 || bands == 3))
        self.width = width
        self.height = height
        self.bands = bands
        self.bytes = bytes
    }

    /// The pixels as RGB whatever `bands` is, `[height, width, 3]`.
    package var rgb: [UInt8] {
        bands == 3 ? bytes : bytes.flatMap { [$0, $0, $0] }
    }
}
