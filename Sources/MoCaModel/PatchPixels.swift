// The patches of a packed batch, kept as bytes until a forward pass needs float values.
// Shapes: P patches, B bytes of a patch (one frame), V values of a patch (B for each frame).

package import MoCaCore
package import Torch

/// The patches of all images of a packed batch.
///
/// Patches that come from images are kept as bytes, an eighth of the float32 values that they
/// become with two frames. Masked patches keep their bytes, beside the seeds of the noise that
/// covers them, so that a prepared batch holds no values that can be recomputed.
package struct PatchPixels: Sendable {
    private enum Rows: Sendable {
        /// Bytes, uint8 `[P, B]`, and their normalisation.
        case bytes(Tensor, PatchNormalization)
        /// Values of a saved batch, float32 `[P, V]`.
        case values(Tensor)
    }

    /// Noise that replaces some patches.
    package enum Noise: Sendable {
        /// Independent noise for each patch: the samples of `Tensor.normal` for each group of rows
        /// and its seed.
        case independent([(rows: [Int], seed: UInt64)])
        /// One row of noise `[1, V]` for every index in `rows`.
        case shared(Tensor, rows: [Int])
    }

    private let rows: Rows
    /// The noise in place of masked patches; nil if no patches are masked.
    package var noise: Noise?

    /// Packs images in order; nil without images.
    package init?(_ images: [ImagePatches], _ normalization: PatchNormalization) {
        guard let first = images.first(where: { !$0.bytes.isEmpty }) else { return nil }
        let width = first.bytes.count / first.plan.patchCount
        rows = .bytes(Tensor(rows: images.map(\.bytes), width: width), normalization)
    }

    /// Packs one image.
    package init(_ image: ImagePatches, _ normalization: PatchNormalization) {
        let (count, bytes) = (image.plan.patchCount, image.bytes)
        rows = .bytes(Tensor(bytes, shape: [count, bytes.count / count]), normalization)
    }

    /// Creates patches from rows of `pixel_values`, float32 `[P, V]`.
    package init(values: Tensor) {
        rows = .values(values)
    }

    private init(_ rows: Rows) {
        self.rows = rows
    }

    /// The number of patches, P.
    package var count: Int { table.shape.first ?? 0 }

    /// The number of values of a patch, V.
    package var valueCount: Int {
        let width = table.shape.last ?? 0
        if case .bytes(_, let normalization) = rows { return width * normalization.frameCount }
        return width
    }

    /// The shape `[P, V]`, or that of values that are not rows.
    var shape: [Int] {
        if case .values(let values) = rows { return values.shape }
        return [count, valueCount]
    }

    /// The memory of the patches, in bytes.
    package var byteCount: Int { table.shape.reduce(table.dtype.byteCount, *) }

    private var table: Tensor {
        switch rows {
        case .bytes(let table, _), .values(let table): table
        }
    }

    private func map(_ body: (Tensor) -> Tensor) -> PatchPixels {
        switch rows {
        case .bytes(let bytes, let normalization): PatchPixels(.bytes(body(bytes), normalization))
        case .values(let values): PatchPixels(.values(body(values)))
        }
    }

    /// The original patches of the rows `indices`, without noise.
    package func originals(at indices: [Int]) -> PatchPixels {
        map { $0.indexed(0, by: Tensor(indices)) }
    }

    /// A view of adjacent patches, with the noise of the groups that lie entirely within the range.
    package subscript(range: Range<Int>) -> PatchPixels {
        var part = map { $0.narrowed(0, range) }
        switch noise {
        case nil: break
        case .independent(let groups)?:
            let own = groups.filter { group in group.rows.allSatisfy(range.contains) }
            part.noise = .independent(
                own.map { (rows: $0.rows.map { $0 - range.lowerBound }, seed: $0.seed) })
        case .shared(let row, let rows)?:
            part.noise = .shared(
                row, rows: rows.filter(range.contains).map { $0 - range.lowerBound })
        }
        return part
    }

    /// The patches of several batches, concatenated; nil for an empty list.
    package static func joined(_ parts: [PatchPixels]) -> PatchPixels? {
        guard parts.count > 1 else { return parts.first }
        let isClean = parts.allSatisfy { $0.noise == nil }
        guard isClean, case .bytes(_, let normalization) = parts[0].rows else {
            return PatchPixels(values: .concatenated(parts.map { $0.values() }))
        }
        return PatchPixels(.bytes(.concatenated(parts.map(\.table)), normalization))
    }

    /// The patches as the model sees them, including noise: float32 `[P, V]` on `device`.
    package func values(on device: Device = .cpu) -> Tensor {
        let clean = originals(on: device)
        switch noise {
        case nil:
            return clean
        case .shared(let row, let rows)?:
            let noise = row.to(device).expanded([rows.count, valueCount])
            return clean.replacingRows(at: Tensor(rows, on: device), with: noise)
        case .independent(let groups)? where device.kind == .cpu:
            let result = if case .values = rows { clean.contiguous().clone() } else { clean }
            result.overwriteByNoise(groups)
            return result
        case .independent(let groups)?:
            // Only the masked rows are sent to the device as floats.
            let indices = groups.flatMap(\.rows)
            var first = 0
            let packed = groups.map { group in
                defer { first += group.rows.count }
                return (rows: Array(first..<first + group.rows.count), seed: group.seed)
            }
            let noise = Tensor.zeros([indices.count, valueCount])
            noise.overwriteByNoise(packed)
            return clean.replacingRows(
                at: Tensor(indices, on: device), with: noise.to(device))
        }
    }

    private func originals(on device: Device) -> Tensor {
        switch rows {
        case .values(let values):
            return values.to(device)
        case .bytes(let bytes, let normalization):
            let table = Tensor(normalization.table, shape: [3, 256], on: device)
            return bytes.to(device)
                .normalizedPatches(table, frameCount: normalization.frameCount)
        }
    }
}
