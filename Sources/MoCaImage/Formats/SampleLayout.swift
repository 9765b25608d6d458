// The meaning of a file's samples according to its header: the table from files to Pillow's modes.

import Foundation

/// The mapping from decoded samples to the bands of a mode.
struct SampleLayout {
    /// The mode that Pillow gives the file.
    var mode: RasterMode
    /// The number of leading bands that the mode takes from the file.
    var sourceBands: Int

    /// Creates a layout whose bands are the file's first bands.
    init(_ mode: RasterMode, sourceBands: Int? = nil) {
        self.mode = mode
        self.sourceBands = sourceBands ?? mode.bands
    }

    // MARK: - Arranging

    /// The first bands of every pixel.
    func leading<T>(_ samples: [T], bands: Int) -> [T] {
        bands == sourceBands ? samples : Raster.leading(sourceBands, of: samples, bands: bands)
    }

    /// The file's bytes, `bands` for each pixel, converted to bytes of the mode.
    func arranged(_ bytes: [UInt8], bands: Int) -> [UInt8] {
        if mode == .palette && bands < 3 {
            // libvips reduces a grey palette to one band.
            return Raster.leading(1, of: bytes, bands: bands).flatMap { [$0, $0, $0] }
        }
        let result = leading(bytes, bands: bands)
        guard mode == .rgba && sourceBands == 2 else { return result }
        return stride(from: 0, to: result.count, by: 2).flatMap { start in
            [result[start], result[start], result[start], result[start + 1]]
        }
    }

    /// The opacity of every pixel, if the file adds a band for it to a mode that has none: libvips
    /// does so for the transparent colours (tRNS) of a PNG file.
    func opacity(_ bytes: [UInt8], bands: Int) -> [UInt8]? {
        let isAdded = bands == 2 || mode == .palette && bands == 4
        guard isAdded, [.palette, .grey, .bilevel].contains(mode) else { return nil }
        return stride(from: bands - 1, to: bytes.count, by: bands).map { bytes[$0] }
    }

    // MARK: - Formats

    /// The layout of a JPEG file: grey, RGB or CMYK. libvips and Pillow both assume inverted inks.
    static func jpeg(_ file: EncodedImage, bands: Int) throws -> SampleLayout {
        switch bands {
        case 1: return SampleLayout(.grey)
        case 3: return SampleLayout(.rgb)
        case 4: return SampleLayout(.cmyk)
        default: throw file.unsupported("\(bands) components")
        }
    }

    /// The layout of a PNG file, by the colour type and depth of its first chunk. A transparent
    /// colour (tRNS) adds a band in libvips, but not in Pillow.
    static func png(_ file: EncodedImage) throws -> SampleLayout {
        guard let depth = file.data.byte(24), let colour = file.data.byte(25) else {
            throw file.truncation
        }
        switch (depth, colour) {
        case (1, 0): return SampleLayout(.bilevel)
        case (16, 0): return SampleLayout(.integer)
        case (_, 0): return SampleLayout(.grey)
        case (_, 2): return SampleLayout(.rgb)
        case (_, 3): return SampleLayout(.palette)
        case (16, 4): return SampleLayout(.rgba, sourceBands: 2)
        case (_, 4): return SampleLayout(.greyAlpha)
        case (_, 6): return SampleLayout(.rgba)
        default: throw file.unsupported("colour type \(colour)")
        }
    }

    /// The layout of formats whose band count determines the mode.
    static func plain(_ file: EncodedImage, bands: Int) throws -> SampleLayout {
        let modes: [RasterMode] = [.grey, .greyAlpha, .rgb, .rgba]
        guard modes.indices.contains(bands - 1) else { throw file.unsupported("\(bands) bands") }
        return SampleLayout(modes[bands - 1])
    }

    /// The layout of a TIFF file, by photometric interpretation, bits, sample format and extra
    /// samples of the first directory.
    static func tiff(_ file: EncodedImage) throws -> SampleLayout {
        let tags = try TIFFDirectory(file)
        let bits = tags[.bitsPerSample].first ?? 1
        let format = tags[.sampleFormat].first ?? 1
        let extra = tags[.extraSamples].first
        switch (tags[.photometric].first ?? 0, bits) {
        case (0, 1), (1, 1): return SampleLayout(.bilevel)
        case (1, 8) where extra != nil: return SampleLayout(.greyAlpha)
        case (0, 2), (1, 2), (0, 4), (1, 4), (0, 8), (1, 8): return SampleLayout(.grey)
        case (1, 16) where format == 1: return SampleLayout(.grey16)
        case (1, 16) where format == 2: return SampleLayout(.integer)
        case (_, 32) where format == 3: return SampleLayout(.float)
        case (1, 32): return SampleLayout(.integer)
        case (2, 8), (2, 16):
            let hasAlpha = (tags[.samplesPerPixel].first ?? 1) > 3 && extra != 0
            // libvips divides by associated alpha, as Pillow does.
            return SampleLayout(hasAlpha ? .rgba : .rgb)
        case (3, 1), (3, 2), (3, 4), (3, 8): return SampleLayout(.palette)
        case (5, 8), (5, 16): return SampleLayout(.cmyk)
        case (6, 8): return SampleLayout((tags[.samplesPerPixel].first ?? 1) > 1 ? .rgb : .grey)
        case (let photometric, _):
            throw file.unsupported(
                "\(bits)-bit samples of photometric interpretation \(photometric)")
        }
    }
}
