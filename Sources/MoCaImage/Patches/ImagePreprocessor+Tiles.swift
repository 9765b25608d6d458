// Images on tiles and in crops: placed, then cut into squares and their patches.

import CPixels
package import MoCaCore

extension ImagePreprocessor {
    /// The patches and tokens of an image of this size, without decoding it. `name` identifies it in
    /// errors. Throws `ImageError` for a shape that the model cannot process.
    package func plan(width: Int, height: Int, name: String = "image") throws -> ImagePlan {
        let size = PixelSize(width: width, height: height)
        switch configuration.fitting {
        case .tokens: return .grid(try grid(width: width, height: height, name: name))
        case .canvas(let side, let sizes):
            let fit = CanvasFit(size, sizes: sizes)
            return .tiles(fit.tiles(side: side, patchSize: configuration.patchSize))
        case .crops(let side, let limit):
            let fit = try cropFit(size, side: side, limit: limit, name: name)
            return .crops(fit.crops(patchSize: configuration.patchSize))
        case .corner(let side, let limit):
            let fit = CornerFit(
                size, side: side, limit: limit, patchSize: configuration.patchSize)
            return .canvas(fit.canvas)
        }
    }

    private func cropFit(
        _ size: PixelSize, side: Int, limit: Int, name: String
    ) throws(ImageError) -> CropFit {
        guard let fit = CropFit(size, side: side, limit: limit) else {
            throw .tooThin(
                name: name, width: size.width, height: size.height, crops: limit, side: side)
        }
        return fit
    }

    /// Places an image on its canvas, and cuts the whole image and the tiles into patches.
    func tiles(of image: PixelImage, side: Int, sizes: [PixelSize]) -> ImagePatches {
        let fit = CanvasFit(
            PixelSize(width: image.width, height: image.height), sizes: sizes)
        let whole = image.resized(width: side, height: side)
        let canvas = image.resized(width: fit.image.width, height: fit.image.height)
            .placed(on: fit.canvas, x: fit.corner.x, y: fit.corner.y, fill: 0)
        return ImagePatches(
            .tiles(fit.tiles(side: side, patchSize: configuration.patchSize)),
            bytes: squares(of: whole, side: side) + squares(of: canvas, side: side))
    }

    /// Resizes an image to whole crops, and cuts them into patches.
    func crops(
        of image: PixelImage, side: Int, limit: Int, name: String
    ) throws -> ImagePatches {
        let size = PixelSize(width: image.width, height: image.height)
        let fit = try cropFit(size, side: side, limit: limit, name: name)
        let lying = fit.isTransposed ? image.transposed : image
        let padded = lying.resized(
            width: fit.image.width, height: fit.image.height, filter: .bilinear
        )
        .placed(on: fit.padded, x: 0, y: (fit.padded.height - fit.image.height) / 2, fill: 255)
        return ImagePatches(
            .crops(fit.crops(patchSize: configuration.patchSize)),
            bytes: squares(of: fit.isTransposed ? padded.transposed : padded, side: side))
    }

    /// Resizes an image into the corner of a black canvas, and cuts its tiles into patches.
    func corner(of image: PixelImage, side: Int, limit: Int) -> ImagePatches {
        let fit = CornerFit(
            PixelSize(width: image.width, height: image.height), side: side, limit: limit,
            patchSize: configuration.patchSize)
        let canvas = image.resized(
            width: fit.image.width, height: fit.image.height, filter: .bilinear
        )
        .placed(on: fit.canvasSize, x: 0, y: 0, fill: 0)
        return ImagePatches(.canvas(fit.canvas), bytes: squares(of: canvas, side: side))
    }

    /// Cuts an image of whole squares into patches: square by square, each row by row.
    private func squares(of image: PixelImage, side: Int) -> [UInt8] {
        let count = image.width * image.height * 3
        let patches = Int32(side / configuration.patchSize)
        return [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
            image.bytes.withUnsafeBufferPointer { rows in
                for strip in 0..<image.height / side {
                    cpixels_cut_patches(
                        rows.baseAddress! + strip * side * image.width * image.bands,
                        image.width, Int32(image.bands), Int32(configuration.patchSize), patches,
                        out.baseAddress! + strip * side * image.width * 3)
                }
            }
            initialized = count
        }
    }
}
