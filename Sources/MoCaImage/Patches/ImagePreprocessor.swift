// Image files to patches, bit-equal to the slow (PIL) Qwen2-VL processor before normalisation.

import CPixels
package import MoCaCore

/// Turns images into patches. It is a stateless value, safe to use from several threads at once.
///
///     let preprocessor = try ImagePreprocessor(configuration: .init(folder: model))
///     let patches = try preprocessor.patches(of: .file(photo))
package struct ImagePreprocessor: Sendable {
    /// The settings of the model's image processor.
    package let configuration: ImageProcessorConfiguration
    /// The decoder of files, with the limit on declared pixels.
    package let decoder: ImageDecoder

    /// Creates a preprocessor that rejects images of more than `pixelLimit` declared pixels.
    package init(
        configuration: ImageProcessorConfiguration,
        pixelLimit: Int = ImageDecoder.defaultPixelLimit
    ) {
        self.configuration = configuration
        decoder = ImageDecoder(pixelLimit: pixelLimit)
    }

    // MARK: - Sizes

    /// The side of one image token in pixels.
    private var tokenSide: Int { configuration.patchSize * configuration.mergeSize }

    /// The grid of an image of this size, without decoding it. `name` identifies it in errors.
    /// Throws `ImageError` for a shape that the model cannot process.
    package func grid(width: Int, height: Int, name: String = "image") throws -> ImageGrid {
        let size = try target(width: width, height: height, name: name)
        return ImageGrid(
            t: 1, h: size.height / configuration.patchSize, w: size.width / configuration.patchSize)
    }

    /// The number of tokens of an image of this size in the language model. Throws like `grid`.
    package func tokenCount(width: Int, height: Int, name: String = "image") throws -> Int {
        try grid(width: width, height: height, name: name)
            .tokenCount(mergeSize: configuration.mergeSize)
    }

    /// The size after enlarging small sides and resampling.
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

    /// Decodes an image, enlarges small sides by `rule`, resamples it, and cuts it into patches.
    ///
    /// - Throws: `ImageError`.
    package func patches(
        of source: ImageSource, rule: SmallSideRule = .twoPass
    ) throws -> ImagePatches {
        let raster = try decoder.raster(of: source)
        // Checks the shape before enlarging a long, thin image.
        _ = try target(width: raster.width, height: raster.height, name: source.name)
        let image = raster.enlarged(to: SmallSides.minimum, by: rule).converted()
        return try patches(of: image, name: source.name)
    }

    /// Resamples an image whose sides are long enough, and cuts it into patches.
    ///
    /// - Parameter name: the image's name in errors.
    /// - Throws: `ImageError`.
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

    /// Runs the second resampling pass and the cut, one row of image tokens at a time.
    private func cut(
        _ resampler: Resampler, size: (width: Int, height: Int), bands: Int
    ) -> ImagePatches {
        let (patch, merge) = (configuration.patchSize, configuration.mergeSize)
        let count = size.width * size.height * 3
        let countPerStrip = size.width * tokenSide * 3
        var scratch: [UInt8] = []
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            for strip in 0..<size.height / tokenSide {
                let target = out.baseAddress! + strip * countPerStrip
                resampler.withRows(
                    strip * tokenSide..<(strip + 1) * tokenSide, scratch: &scratch
                ) { rows in
                    cpixels_cut_patches(
                        rows, size.width, Int32(bands), Int32(patch), Int32(merge), target)
                }
            }
            initialized = count
        }
        let grid = ImageGrid(t: 1, h: size.height / patch, w: size.width / patch)
        return ImagePatches(grid: grid, bytes: bytes)
    }
}
