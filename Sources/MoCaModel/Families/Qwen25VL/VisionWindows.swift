// The order and boundaries of the vision tower's attention windows, as integers (`get_window_index`
// and `rot_pos_emb` of Qwen2.5-VL). Shapes: P patches, G merged groups (P = mergeUnit * G).
// A group is `mergeSize` x `mergeSize` patches, consecutive in `pixel_values`, for one token.

package import MoCaCore
import Synchronization

/// The order and segments of some images' patches for attention.
package struct VisionLayout: Sendable, Hashable {
    /// The group order `[G]`: index i of the window order holds group `groupOrder[i]` of the
    /// processor's order.
    package var groupOrder: [Int32] = []
    /// The inverse `[G]` of `groupOrder`: group g is at index `groupPlace[g]` of the window order.
    package var groupPlace: [Int32] = []
    /// The window boundaries in window order: window n has the patches `windowStarts[n] ..<
    /// windowStarts[n + 1]`.
    package var windowStarts: [Int32] = [0]
    /// The frame boundaries in either order: frame n has the patches `frameStarts[n] ..<
    /// frameStarts[n + 1]`. A still image is one frame; full-attention blocks attend within a
    /// frame.
    package var frameStarts: [Int32] = [0]
    /// The row of each patch in its image, `[P]`, in the processor's order.
    package var rows: [Int32] = []
    /// The column of each patch in its image, `[P]`, in the processor's order.
    package var columns: [Int32] = []

    /// The number of merged groups, G.
    package var groupCount: Int { groupOrder.count }
    /// The number of patches, P.
    package var patchCount: Int { rows.count }

    /// The indices of patches in the processor's order, `[P]`, sorted in window order.
    package var patchOrder: [Int32] { patches(of: groupOrder) }
    /// The inverse of `patchOrder`, `[P]`: the index in window order of each patch.
    package var patchPlace: [Int32] { patches(of: groupPlace) }

    /// Appends the layout of further images after this one's.
    mutating func append(_ other: VisionLayout) {
        let (groups, patches) = (Int32(groupCount), Int32(patchCount))
        groupOrder.append(contentsOf: other.groupOrder.lazy.map { $0 + groups })
        groupPlace.append(contentsOf: other.groupPlace.lazy.map { $0 + groups })
        windowStarts.append(contentsOf: other.windowStarts.dropFirst().lazy.map { $0 + patches })
        frameStarts.append(contentsOf: other.frameStarts.dropFirst().lazy.map { $0 + patches })
        rows.append(contentsOf: other.rows)
        columns.append(contentsOf: other.columns)
    }

    private func patches(of groups: [Int32]) -> [Int32] {
        guard !groups.isEmpty else { return [] }
        let unit = Int32(patchCount / groupCount)
        return groups.flatMap { ($0 * unit)..<(($0 + 1) * unit) }
    }
}

/// Creates the layouts of one model, and caches one for each grid.
///
///     let windows = VisionWindows(configuration.vision)
///     let layout = try windows.layout(of: grids)
package final class VisionWindows: Sendable {
    /// The side of a group, in patches.
    package let mergeSize: Int
    /// The side of a window, in groups.
    package let windowSize: Int

    private let known = Mutex<[ImageGrid: VisionLayout]>([:])
    /// A pixel budget allows a few thousand shapes of at most some tens of kilobytes.
    private static let knownMax = 1024

    /// Creates an empty cache; `windowSize` is in groups.
    package init(mergeSize: Int, windowSize: Int) {
        precondition(mergeSize > 0 && windowSize > 0, "sizes of windows must be positive")
        self.mergeSize = mergeSize
        self.windowSize = windowSize
    }

    /// Creates an empty cache for the sizes of a model.
    package convenience init(_ vision: Qwen25VLConfiguration.Vision) {
        self.init(mergeSize: vision.spatialMergeSize, windowSize: vision.windowTokens)
    }

    /// The layout of a batch of images in order. Throws `badGrid`.
    package func layout(of grids: [ImageGrid]) throws(ModelError) -> VisionLayout {
        guard grids.count != 1 else { return try layout(of: grids[0]) }
        var whole = VisionLayout()
        for grid in grids {
            whole.append(try layout(of: grid))
        }
        return whole
    }

    /// The layout of grids that an `EncoderInput` has checked.
    func layout(ofChecked grids: [ImageGrid]) -> VisionLayout {
        do {
            return try layout(of: grids)
        } catch {
            preconditionFailure("a checked grid is refused: \(error.oneLine)")
        }
    }

    /// The layout of one image. Throws `badGrid`.
    package func layout(of grid: ImageGrid) throws(ModelError) -> VisionLayout {
        if let found = known.withLock({ $0[grid] }) { return found }
        try grid.checkMergeable(mergeSize)
        let made = make(grid)
        known.withLock { known in
            if known.count >= Self.knownMax { known.removeAll(keepingCapacity: true) }
            known[grid] = made
        }
        return made
    }

    private func make(_ grid: ImageGrid) -> VisionLayout {
        var layout = VisionLayout()
        let (height, width) = (grid.h / mergeSize, grid.w / mergeSize)
        for frame in 0..<grid.t {
            let first = frame * height * width
            for top in stride(from: 0, to: height, by: windowSize) {
                for left in stride(from: 0, to: width, by: windowSize) {
                    let window = (top..<min(top + windowSize, height))
                        .flatMap { row in
                            (left..<min(left + windowSize, width)).map { row * width + $0 }
                        }
                    layout.groupOrder.append(contentsOf: window.map { Int32(first + $0) })
                    layout.windowStarts.append(
                        Int32(layout.groupOrder.count * mergeSize * mergeSize))
                }
            }
        }
        let frames = FrameLayout([grid], mergeSize: mergeSize)
        layout.rows = frames.rows
        layout.columns = frames.columns
        layout.frameStarts = frames.starts.map(Int32.init)
        layout.groupPlace = Array(repeating: 0, count: layout.groupCount)
        for (place, group) in layout.groupOrder.enumerated() {
            layout.groupPlace[Int(group)] = Int32(place)
        }
        return layout
    }
}
