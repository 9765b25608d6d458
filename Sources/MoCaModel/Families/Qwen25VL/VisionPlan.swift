// The order in which the vision tower computes a batch of images: windows of equal size are
// adjacent, across images, so that each size is one attention call.
// Shapes: P patches, G merged groups.

import MoCaCore
import Torch

/// The layout of a batch, as index tensors and attention runs.
struct VisionPlan {
    /// The patch order, int64 `[P]`: index i of the computing order holds patch `patchOrder[i]` of
    /// `pixel_values`.
    let patchOrder: Tensor
    /// The group positions, int64 `[G]`: group g of `pixel_values` is at index `groupPlace[g]`.
    let groupPlace: Tensor
    /// Attention within windows, in the computing order.
    let windows: AttentionRuns
    /// Attention within frames, in the order of `pixel_values`.
    let frames: AttentionRuns
    /// The inverse of `patchOrder`, int64 `[P]`.
    let patchPlace: Tensor
    /// Whether each frame's patches occupy the same indices in both orders, so that full attention
    /// needs no reordering.
    let keepsFrames: Bool
    /// The rows and columns of the patches, in the computing order.
    let rows: [Int32]
    let columns: [Int32]

    init(_ layout: VisionLayout, mergeUnit: Int, device: Device) {
        let windowGroups = zip(layout.windowStarts, layout.windowStarts.dropFirst())
            .map { Int($0) / mergeUnit..<Int($1) / mergeUnit }
        // The sort is stable, so that a single image, or images of one window each, keep their
        // order.
        let order = windowGroups.enumerated()
            .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
            .map(\.element)
        let groups = order.flatMap { $0.map { Int(layout.groupOrder[$0]) } }
        let patches = groups.flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit }
        windows = AttentionRuns(starts: Self.starts(order.map { $0.count * mergeUnit }))
        let frameStarts = layout.frameStarts.map(Int.init)
        frames = AttentionRuns(starts: frameStarts)
        patchOrder = Tensor(patches, on: device)
        groupPlace = Tensor(Self.inverse(groups), on: device)
        patchPlace = Tensor(Self.inverse(patches), on: device)
        keepsFrames = Self.keepsFrames(patches, frameStarts)
        rows = patches.map { layout.rows[$0] }
        columns = patches.map { layout.columns[$0] }
    }

    private static func starts(_ lengths: [Int]) -> [Int] {
        lengths.reduce(into: [0]) { $0.append($0.last! + $1) }
    }

    private static func inverse(_ order: [Int]) -> [Int] {
        var places = [Int](repeating: 0, count: order.count)
        for (place, item) in order.enumerated() { places[item] = place }
        return places
    }

    /// Whether each frame's patches occupy the same indices as in `pixel_values`, in any order.
    private static func keepsFrames(_ patches: [Int], _ frameStarts: [Int]) -> Bool {
        zip(frameStarts, frameStarts.dropFirst()).allSatisfy { start, end in
            patches[start..<end].allSatisfy { (start..<end).contains($0) }
        }
    }
}
