// Image bytes to the rows of `pixel_values`, bit-equal to the slow (PIL) Qwen2-VL processor.
// P patches of 1176 = 3 channels x 2 frames x 14 x 14 numbers.

import CPixels
package import MoCaCore

/// One image as the vision tower sees it.
package struct ImagePatches: Sendable, Hashable {
    /// The image's size in patches.
    package let grid: ImageGrid
    /// [P, 1176]: rows in 2 x 2-merged order, each (channel, frame, row, column).
    package let values: [Float]
}

/// Turns images into patches. A value without state: many threads may use one at once.
///
///     let preprocessor = try ImagePreprocessor(configuration: .init(folder: model))
///     let patches = try preprocessor.patches(of: .file(photo))
package struct ImagePreprocessor: Sendable {
    /// The numbers of the processor.
    package let configuration: ImageProcessorConfiguration
    /// Decodes the files, and holds the limit on declared pixels.
    package let decoder: ImageDecoder
    /// [3, 256]: what a byte becomes in each channel.
    private let table: [Float]

    /// Makes a preprocessor that refuses images of more than `pixelLimit` declared pixels.
    package init(
        configuration: ImageProcessorConfiguration,
        pixelLimit: Int = ImageDecoder.defaultPixelLimit
    ) {
        self.configuration = configuration
        decoder = ImageDecoder(pixelLimit: pixelLimit)
        table = (0..<3).flatMap { channel in
            let mean = Float(configuration.mean[channel])
            let deviation = Float(configuration.deviation[channel])
            return (0..<256).map { byte in
                (Float(Double(byte) * configuration.rescaleFactor) - mean) / deviation
            }
        }
    }

    // MARK: - Sizes

    /// Side of one image token in pixels.
    private var tokenSide: Int { configuration.patchSize * configuration.mergeSize }

    /// The grid of an image of this size, without decoding it. `name` is for the error.
    /// Throws `ImageError` for a shape that the model cannot see.
    package func grid(width: Int, height: Int, name: String = "image") throws -> ImageGrid {
        let size = try target(width: width, height: height, name: name)
        return ImageGrid(
            t: 1, h: size.height / configuration.patchSize, w: size.width / configuration.patchSize)
    }

    /// Tokens that an image of this size takes in the language model. Throws like `grid`.
    package func tokenCount(width: Int, height: Int, name: String = "image") throws -> Int {
        try grid(width: width, height: height, name: name)
            .tokenCount(mergeSize: configuration.mergeSize)
    }

    /// The size after the enlargement of small sides and the resampling.
    private func target(
        width: Int, height: Int, name: String
    ) throws -> (width: Int, height: Int) {
        let (w, h) = (max(width, SmallSides.minimum), max(height, SmallSides.minimum))
        guard min(w, h) >= tokenSide else {
            throw ImageError.tooSmall(name: name, width: w, height: h, side: tokenSide)
        }
        guard
            let size = smartResize(
                width: w, height: h, factor: tokenSide, budget: configuration.budget)
        else { throw ImageError.tooElongated(name: name, width: w, height: h) }
        guard min(size.width, size.height) > 0 else {
            throw ImageError.overBudget(
                name: name, width: w, height: h, maxPixels: configuration.budget.maxPixels)
        }
        return size
    }

    // MARK: - Patches

    /// Decodes `source`, enlarges small sides by `rule`, resamples, normalises and cuts it.
    /// Throws `ImageError`.
    package func patches(
        of source: ImageSource, rule: SmallSideRule = .contrastive
    ) throws -> ImagePatches {
        let raster = try decoder.raster(of: source)
        // The shape is checked before a long thin image is enlarged.
        _ = try target(width: raster.width, height: raster.height, name: source.name)
        let image = raster.enlarged(to: SmallSides.minimum, by: rule).converted()
        return try patches(of: image, name: source.name)
    }

    /// Resamples, normalises and cuts an image whose sides are long enough; `name` is for the error.
    package func patches(of image: PixelImage, name: String = "image") throws -> ImagePatches {
        let size = try target(width: image.width, height: image.height, name: name)
        guard min(image.width, image.height) >= tokenSide else {
            throw ImageError.tooSmall(
                name: name, width: image.width, height: image.height, side: tokenSide)
        }
        let resampler = Resampler(
            image.bytes, width: image.width, height: image.height, bands: image.bands, to: size)
        return cut(resampler, size: size, bands: image.bands)
    }

    /// The second resampling pass and the cut, one row of image tokens at a time.
    private func cut(
        _ resampler: Resampler, size: (width: Int, height: Int), bands: Int
    ) -> ImagePatches {
        let (patch, merge) = (configuration.patchSize, configuration.mergeSize)
        let frames = configuration.temporalPatchSize
        let count = size.width * size.height * 3 * frames
        let countPerStrip = size.width * tokenSide * 3 * frames
        var scratch: [UInt8] = []
        let values = [Float](unsafeUninitializedCapacity: count) { out, initialized in
            for strip in 0..<size.height / tokenSide {
                let target = out.baseAddress! + strip * countPerStrip
                resampler.withRows(
                    strip * tokenSide..<(strip + 1) * tokenSide, scratch: &scratch
                ) { rows in
                    cpixels_cut_patches(
                        rows, size.width, Int32(bands), Int32(patch), Int32(merge), Int32(frames),
                        table, target)
                }
            }
            initialized = count
        }
        let grid = ImageGrid(t: 1, h: size.height / patch, w: size.width / patch)
        return ImagePatches(grid: grid, values: values)
    }
}
