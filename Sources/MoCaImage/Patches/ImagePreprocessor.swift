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
    /// The steps before an image is cut into patches.
    package let recipe: ImageRecipe
    /// The decoder of files, with the limit on declared pixels.
    package let decoder: ImageDecoder

    /// Creates a preprocessor that rejects images of more than `pixelLimit` declared pixels.
    package init(
        configuration: ImageProcessorConfiguration, recipe: ImageRecipe = .moca,
        pixelLimit: Int = ImageDecoder.defaultPixelLimit
    ) {
        self.configuration = configuration
        self.recipe = recipe
        decoder = ImageDecoder(
            pixelLimit: pixelLimit, orientation: configuration.orientation)
    }

    // MARK: - Sizes

    /// The side of one image token in pixels.
    private var tokenSide: Int { configuration.patchSize * configuration.mergeSize }

    /// The grid of an image of this size, without decoding it. `name` identifies it in errors.
    /// Throws `ImageError` for a shape that the model cannot process.
    package func grid(width: Int, height: Int, name: String = "image") throws -> ImageGrid {
        let size = PixelSize(width: width, height: height)
        return grid(try sizes(of: size, name: name).target)
    }

    private func grid(_ size: PixelSize) -> ImageGrid {
        ImageGrid(
            t: 1, h: size.height / configuration.patchSize, w: size.width / configuration.patchSize)
    }

    /// The number of tokens of an image of this size in the language model. Throws like `grid`.
    package func tokenCount(width: Int, height: Int, name: String = "image") throws -> Int {
        try plan(width: width, height: height, name: name)
            .tokenCount(mergeSize: configuration.mergeSize)
    }

    private func sizes(of size: PixelSize, name: String) throws(ImageError) -> ImageSizes {
        try recipe.sizes(of: size, side: tokenSide, budget: configuration.budget, name: name)
    }

    // MARK: - Patches

    /// Decodes an image, takes the steps of the recipe, and cuts the image into patches.
    ///
    /// - Parameter rule: how short sides are enlarged, if the recipe enlarges each.
    /// - Throws: `ImageError`.
    package func patches(
        of source: ImageSource, rule: SmallSideRule = .twoPass
    ) throws -> ImagePatches {
        let raster = try decoder.raster(of: source)
        switch configuration.fitting {
        case .tokens: return try patches(of: raster, name: source.name, rule: rule)
        case .canvas(let side, let sizes):
            return tiles(of: raster.converted(recipe.alpha), side: side, sizes: sizes)
        case .crops(let side, let limit):
            return try crops(
                of: raster.converted(recipe.alpha), side: side, limit: limit, name: source.name)
        case .corner(let side, let limit):
            return corner(of: raster.converted(recipe.alpha), side: side, limit: limit)
        }
    }

    private func patches(
        of raster: Raster, name: String, rule: SmallSideRule
    ) throws -> ImagePatches {
        // Checks the shape before enlarging a long, thin image.
        let sizes = try sizes(
            of: PixelSize(width: raster.width, height: raster.height), name: name)
        var image = enlarged(raster, sizes.enlarged, by: rule).converted(recipe.alpha)
        if let between = sizes.between {
            image = image.resized(width: between.width, height: between.height)
        }
        return resampled(image, to: sizes.target)
    }

    private func enlarged(
        _ raster: Raster, _ size: PixelSize, by rule: SmallSideRule
    ) -> Raster {
        recipe.shortSides == .enlarged
            ? raster.enlarged(to: SmallSides.enlargedSide(tokenSide: tokenSide), by: rule)
            : raster.resized(width: size.width, height: size.height)
    }

    /// Resamples an image whose sides are long enough, and cuts it into patches.
    ///
    /// - Parameter name: the image's name in errors.
    /// - Throws: `ImageError`.
    package func patches(of image: PixelImage, name: String = "image") throws -> ImagePatches {
        let size = PixelSize(width: image.width, height: image.height)
        return resampled(
            image,
            to: try recipe.target(
                of: size, side: tokenSide, budget: configuration.budget, name: name))
    }

    private func resampled(_ image: PixelImage, to size: PixelSize) -> ImagePatches {
        let resampler = Resampler(
            image.bytes, width: image.width, height: image.height, bands: image.bands,
            to: (size.width, size.height))
        return cut(resampler, size: size, bands: image.bands)
    }

    /// Runs the second resampling pass and the cut, one row of image tokens at a time.
    private func cut(
        _ resampler: Resampler, size: PixelSize, bands: Int
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
        return ImagePatches(grid: grid(size), bytes: bytes)
    }
}
