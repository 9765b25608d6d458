// The order of patches in `pixel_values`: group by group of those that become one token.
// Shapes: P patches.

import MoCaCore

/// The place of each patch in its image, and the frames of a batch.
struct FrameLayout: Sendable, Hashable {
    /// The row of each patch `[P]`.
    private(set) var rows: [Int32] = []
    /// The column of each patch `[P]`.
    private(set) var columns: [Int32] = []
    /// The frame boundaries: frame n has the patches `starts[n] ..< starts[n + 1]`.
    private(set) var starts = [0]

    /// Creates the layout of images in order; groups have `mergeSize` x `mergeSize` patches.
    init(_ grids: [ImageGrid], mergeSize: Int) {
        for grid in grids {
            for _ in 0..<grid.t { append(grid, mergeSize) }
        }
    }

    /// Appends one frame.
    private mutating func append(_ grid: ImageGrid, _ mergeSize: Int) {
        let width = grid.w / mergeSize
        for group in 0..<grid.h / mergeSize * width {
            for patch in 0..<mergeSize * mergeSize {
                rows.append(Int32(group / width * mergeSize + patch / mergeSize))
                columns.append(Int32(group % width * mergeSize + patch % mergeSize))
            }
        }
        starts.append(rows.count)
    }
}
