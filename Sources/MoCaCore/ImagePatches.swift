// An image cut into patches, as bytes, and their normalisation.
// Shapes: P patches.

/// One image as the vision tower sees it, before its bytes are normalised.
package struct ImagePatches: Sendable, Hashable {
    /// The patches and tokens of the image.
    package let plan: ImagePlan
    /// The size of an image of its own size, in patches; nil for an image on tiles or in crops.
    package var grid: ImageGrid? { plan.grid }
    /// One frame of each patch, `[P, 3 * side * side]`, ordered by channel, row and column. The
    /// patches of an image token are consecutive.
    package let bytes: [UInt8]

    package init(_ plan: ImagePlan, bytes: [UInt8]) {
        precondition(bytes.count.isMultiple(of: max(1, plan.patchCount)), "whole patches")
        self.plan = plan
        self.bytes = bytes
    }

    package init(grid: ImageGrid, bytes: [UInt8]) {
        self.init(.grid(grid), bytes: bytes)
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
