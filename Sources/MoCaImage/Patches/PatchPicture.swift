// Patches back to an image: the inverse of the cut.
// Shapes: P patches, B = 3 channels x side x side bytes of a patch, V = values of a patch (B for
// each frame).

package import MoCaCore

/// An image made of patches, some of which may be covered.
package struct PatchPicture: Sendable {
    /// The size of the image in patches.
    package let grid: ImageGrid
    /// The side of the squares of patches that are stored one after the other, in patches.
    private let blockSide: Int
    private let settings: ImageProcessorConfiguration
    /// The bytes of the patches, `[P, B]`.
    private var bytes: [UInt8]
    /// The indices of patches that are drawn grey.
    private var covered: Set<Int> = []

    /// Creates the image of the given patches: that of the tiles or crops, without the reduced
    /// whole image, if there are such.
    package init(_ patches: ImagePatches, settings: ImageProcessorConfiguration) {
        self.settings = settings
        var skipped = 0
        switch patches.plan {
        case .grid(let grid):
            precondition(grid.t == 1, "a still image")
            self.grid = grid
            blockSide = settings.mergeSize
        case .tiles(let tiles):
            grid = ImageGrid(t: 1, h: tiles.rows * tiles.side, w: tiles.columns * tiles.side)
            blockSide = tiles.side
            skipped = patches.bytes.count / tiles.tileCount
        case .crops(let crops):
            grid = ImageGrid(t: 1, h: crops.rows * crops.side, w: crops.columns * crops.side)
            blockSide = crops.side
        case .canvas(let canvas):
            grid = ImageGrid(t: 1, h: canvas.rows * canvas.side, w: canvas.columns * canvas.side)
            blockSide = canvas.side
        }
        bytes = skipped == 0 ? patches.bytes : Array(patches.bytes.dropFirst(skipped))
    }

    /// Bytes of a patch, B.
    private var width: Int { bytes.count / grid.patchCount }
    /// The number of patches in an image token.
    private var mergeUnit: Int { settings.mergeSize * settings.mergeSize }

    /// A copy in which the patches of image tokens `groups` are covered.
    package func covering(_ groups: [Int]) -> PatchPicture {
        var picture = self
        picture.covered = Set(groups.flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit })
        return picture
    }

    /// A copy in which the patches of image tokens `groups` are replaced by `rows`, in their order.
    ///
    /// - Parameter rows: `[mergeUnit * groups.count, V]`, normalised; frames are averaged.
    package func replacing(_ groups: [Int], with rows: [Float]) -> PatchPicture {
        let count = mergeUnit * width
        precondition(
            rows.count == groups.count * count * settings.temporalPatchSize,
            "one group of patches a token")
        var picture = self
        for (number, group) in groups.enumerated() {
            for place in 0..<count {
                picture.bytes[group * count + place] = byte(number * count + place, of: rows)
            }
        }
        return picture
    }

    /// The grey level of covered patches.
    private static let cover: UInt8 = 128

    /// The pixels, enlarged by the factor `scale`.
    package func image(scale: Int = 1) -> PixelImage {
        let side = settings.patchSize
        let (columns, rows) = (grid.w * side, grid.h * side)
        var pixels = [UInt8](repeating: Self.cover, count: columns * scale * rows * scale * 3)
        for patch in 0..<grid.patchCount where !covered.contains(patch) {
            let place = place(of: patch)
            for y in 0..<side * scale {
                for x in 0..<side * scale {
                    let row = place.row * side * scale + y
                    let start = (row * columns * scale + place.column * side * scale + x) * 3
                    for channel in 0..<3 {
                        pixels[start + channel] =
                            bytes[patch * width + (channel * side + y / scale) * side + x / scale]
                    }
                }
            }
        }
        return PixelImage(width: columns * scale, height: rows * scale, bands: 3, bytes: pixels)
    }

    /// Image tokens in a row of the image.
    package var groupColumns: Int { grid.w / settings.mergeSize }

    /// The image with a tint for each image token, and lines between tokens.
    ///
    /// - Parameter levels: one value from -1 to 1 for each image token: orange above 0, blue below,
    ///   with strength proportional to the absolute value.
    package func tinted(_ levels: [Double], scale: Int = 1) -> PixelImage {
        precondition(levels.count * mergeUnit == grid.patchCount, "a level an image token")
        let image = image(scale: scale)
        let side = settings.patchSize * settings.mergeSize * scale
        var bytes = image.bytes
        for y in 0..<image.height {
            for x in 0..<image.width {
                let level = levels[y / side * groupColumns + x / side]
                let tint = level < 0 ? Self.cold : Self.warm
                let share = Self.strongestTint * min(1, abs(level))
                // A line before each token except the first of a row or column.
                let isLine = x % side == 0 && x > 0 || y % side == 0 && y > 0
                let light = isLine ? Self.lineLight : 1
                for channel in 0..<3 {
                    let place = (y * image.width + x) * 3 + channel
                    let mixed = Double(bytes[place]) * (1 - share) + tint[channel] * share
                    bytes[place] = UInt8((mixed * light).rounded())
                }
            }
        }
        return PixelImage(width: image.width, height: image.height, bands: 3, bytes: bytes)
    }

    /// Distinguishable with any type of colour vision.
    private static let warm = [232.0, 93.0, 4.0]
    private static let cold = [29.0, 78.0, 216.0]
    /// The image remains visible under the strongest tint.
    private static let strongestTint = 0.55
    private static let lineLight = 0.72

    /// The position of a row of `pixel_values`: rows are ordered in blocks of `blockSide` squared.
    private func place(of patch: Int) -> (row: Int, column: Int) {
        let merge = blockSide
        let (block, inner) = (patch / (merge * merge), patch % (merge * merge))
        let blocks = grid.w / merge
        return (
            block / blocks * merge + inner / merge, block % blocks * merge + inner % merge
        )
    }

    /// The byte nearest to the mean over frames of a normalised value.
    ///
    /// - Parameter place: the index of the value in a patch of one frame.
    private func byte(_ place: Int, of rows: [Float]) -> UInt8 {
        let (area, frames) = (settings.patchSize * settings.patchSize, settings.temporalPatchSize)
        let channel = place / area
        let start = channel * frames * area + place % area
        var sum: Float = 0
        for frame in 0..<frames { sum += rows[start + frame * area] }
        let fraction =
            Double(sum) / Double(frames) * settings.deviation[channel % 3]
            + settings.mean[channel % 3]
        let level = fraction / settings.rescaleFactor
        return level.isFinite ? UInt8(min(max(level, 0), 255).rounded()) : Self.cover
    }
}

extension PixelImage {
    /// RGB images of the same height side by side, separated by white gaps.
    package static func row(_ images: [PixelImage], gap: Int) -> PixelImage {
        let height = images.map(\.height).max() ?? 1
        precondition(images.allSatisfy { $0.bands == 3 && $0.height == height }, "unlike pictures")
        let white = [UInt8](repeating: 255, count: gap * 3)
        var bytes: [UInt8] = []
        for y in 0..<height {
            for (number, image) in images.enumerated() {
                if number > 0 { bytes += white }
                bytes += image.bytes[y * image.width * 3..<(y + 1) * image.width * 3]
            }
        }
        return PixelImage(
            width: bytes.count / height / 3, height: height, bands: 3, bytes: bytes)
    }
}
