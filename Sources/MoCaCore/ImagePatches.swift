// An image cut into patches, as bytes, and their normalisation.
// Shapes: P patches.

/// One image as the vision tower sees it, before its bytes are normalised.
package struct ImagePatches: Sendable, Hashable {
    /// The size of the image in patches.
    package let grid: ImageGrid
    /// One frame of each patch, `[P, 3 * side * side]`, ordered by channel, row and column. The
    /// patches of an image token are consecutive.
    package let bytes: [UInt8]

    package init(grid: ImageGrid, bytes: [UInt8]) {
        precondition(bytes.count.isMultiple(of: max(1, grid.patchCount)), "whole patches")
        self.grid = grid
        self.bytes = bytes
    }
}

/// The normalised values of patch bytes, and how often a patch repeats them.
package struct PatchNormalization: Sendable, Hashable {
    /// The normalised value of each byte in each channel, `[3, 256]`.
    package let table: [Float]
    /// The number of frames of a patch. The bytes hold one frame, which a still image repeats in
    /// each.
    package let frameCount: Int

    package init(table: [Float], frameCount: Int) {
        precondition(table.count == 3 * 256 && frameCount > 0, "a number for each byte")
        self.table = table
        self.frameCount = frameCount
    }
}
