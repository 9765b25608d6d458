// Rows of `pixel_values` back to a picture: the inverse of the cut.
// Shapes: P patches, V = 3 channels x frames x side x side values of a patch.

package import MoCaCore

/// A picture of patches, some of which may be covered.
package struct PatchPicture: Sendable {
    private let grid: ImageGrid
    private let settings: ImageProcessorConfiguration
    /// `[P, V]`
    private var values: [Float]
    /// Patches that are drawn grey.
    private var covered: Set<Int> = []

    /// - Parameter values: `[P, V]`, in the order that the processor writes.
    package init(_ values: [Float], grid: ImageGrid, settings: ImageProcessorConfiguration) {
        precondition(grid.t == 1 && values.count % grid.patchCount == 0, "no still image")
        (self.values, self.grid, self.settings) = (values, grid, settings)
    }

    /// Values of a patch.
    private var width: Int { values.count / grid.patchCount }
    /// Patches of an image token.
    private var mergeUnit: Int { settings.mergeSize * settings.mergeSize }

    /// The picture with the patches of image tokens `groups` covered.
    package func covering(_ groups: [Int]) -> PatchPicture {
        var picture = self
        picture.covered = Set(groups.flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit })
        return picture
    }

    /// The picture with the patches of image tokens `groups` replaced by `rows`, in their order.
    package func replacing(_ groups: [Int], with rows: [Float]) -> PatchPicture {
        let count = mergeUnit * width
        precondition(rows.count == groups.count * count, "one group of patches a token")
        var picture = self
        for (number, group) in groups.enumerated() {
            picture.values.replaceSubrange(
                group * count..<(group + 1) * count,
                with: rows[number * count..<(number + 1) * count])
        }
        return picture
    }

    /// How dark a covered patch is.
    private static let cover: UInt8 = 128

    /// The picture as pixels, `scale` times as large; frames are averaged.
    package func image(scale: Int = 1) -> PixelImage {
        let side = settings.patchSize
        let (columns, rows) = (grid.w * side, grid.h * side)
        var bytes = [UInt8](repeating: Self.cover, count: columns * scale * rows * scale * 3)
        for patch in 0..<grid.patchCount where !covered.contains(patch) {
            let place = place(of: patch)
            for y in 0..<side * scale {
                for x in 0..<side * scale {
                    let row = place.row * side * scale + y
                    let start = (row * columns * scale + place.column * side * scale + x) * 3
                    for channel in 0..<3 {
                        bytes[start + channel] = byte(patch, channel, y / scale, x / scale)
                    }
                }
            }
        }
        return PixelImage(width: columns * scale, height: rows * scale, bands: 3, bytes: bytes)
    }

    /// Where a row of `pixel_values` stands: the rows go block by block of `mergeSize` squared.
    private func place(of patch: Int) -> (row: Int, column: Int) {
        let merge = settings.mergeSize
        let (block, inner) = (patch / mergeUnit, patch % mergeUnit)
        let blocks = grid.w / merge
        return (
            block / blocks * merge + inner / merge, block % blocks * merge + inner % merge
        )
    }

    /// One number of a patch, un-normalised.
    private func byte(_ patch: Int, _ channel: Int, _ y: Int, _ x: Int) -> UInt8 {
        let (side, frames) = (settings.patchSize, settings.temporalPatchSize)
        let start = patch * width + channel * frames * side * side + y * side + x
        var sum: Float = 0
        for frame in 0..<frames { sum += values[start + frame * side * side] }
        let share =
            Double(sum) / Double(frames) * settings.deviation[channel] + settings.mean[channel]
        let level = share / settings.rescaleFactor
        return level.isFinite ? UInt8(min(max(level, 0), 255).rounded()) : Self.cover
    }
}

extension PixelImage {
    /// RGB pictures of one height side by side, white between them.
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
