// An image cut into patches, as bytes, and what the bytes stand for.
// Shapes: P patches.

/// One image as the vision tower sees it, before its bytes become numbers.
package struct ImagePatches: Sendable, Hashable {
    /// The size of the image in patches.
    package let grid: ImageGrid
    /// `[P, 3 * side * side]`: one frame of each patch, ordered by channel, row and column. The
    /// patches of an image token follow each other.
    package let bytes: [UInt8]

    package init(grid: ImageGrid, bytes: [UInt8]) {
        precondition(bytes.count.isMultiple(of: max(1, grid.patchCount)), "whole patches")
        self.grid = grid
        self.bytes = bytes
    }
}

/// The numbers that the bytes of a patch stand for, and how often a patch repeats them.
package struct PatchNormalization: Sendable, Hashable {
    /// `[3, 256]`: the number that each byte becomes in each channel.
    package let table: [Float]
    /// Frames of a patch. The bytes hold one frame, which a still image repeats in each.
    package let frameCount: Int

    package init(table: [Float], frameCount: Int) {
        precondition(table.count == 3 * 256 && frameCount > 0, "a number for each byte")
        self.table = table
        self.frameCount = frameCount
    }
}
