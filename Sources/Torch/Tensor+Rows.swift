// Large tables of rows on the CPU, filled in place: allocating memory costs more than writing to
// it.

import CTorch

extension Tensor {
    /// Creates `[rows, width]` by concatenating chunks of whole rows.
    package init<Element: TensorElement>(rows parts: [[Element]], width: Int) {
        let count = parts.reduce(0) { $0 + $1.count }
        precondition(count.isMultiple(of: width), "parts are whole rows")
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count * MemoryLayout<Element>.stride), alignment: 64)
        var place = bytes
        for part in parts {
            part.withUnsafeBytes { source in
                if let start = source.baseAddress, !source.isEmpty {
                    place.copyMemory(from: start, byteCount: source.count)
                }
                place += source.count
            }
        }
        self = Tensor.produce("rows", CallSite(file: #fileID, line: #line)) {
            ctorch_tensor_wrap(
                bytes, [Int64(count / width), Int64(width)], 2, Element.dtype.code, bytes,
                { $0?.deallocate() }, $0)
        }
    }

    /// The normalised values of patch bytes, on the device of the patches.
    ///
    /// This tensor is uint8 `[P, channels * n]`; the result is float32 `[P, channels * frameCount *
    /// n]`.
    ///
    /// - Parameters:
    ///   - table: `[channels, 256]`, the value of each byte in each channel.
    ///   - frameCount: how many times each channel of a patch is repeated.
    package func normalizedPatches(
        _ table: Tensor, frameCount: Int, file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        call("normalizedPatches", table, file, line) {
            ctorch_normalize_patches($0, $1, Int64(frameCount), $2)
        }
    }

    /// Overwrites rows of a float32 CPU table `[P, V]` with independent samples of the normal
    /// distribution: each group of rows with those that `normal` gives for `[group.count, V]` and
    /// the group's stream.
    package func overwriteByNoise(
        _ groups: [(rows: [Int], seed: UInt64)], file: StaticString = #fileID, line: UInt = #line
    ) {
        let status = withExtendedLifetime(storage) {
            ctorch_noise_rows(
                handle, groups.flatMap { $0.rows.map(Int64.init) },
                groups.map { Int64($0.rows.count) }, groups.map(\.seed), Int64(groups.count))
        }
        guard status != CTORCH_OK else { return }
        handleFailure(
            status, of: "overwriteByNoise", on: [self], at: CallSite(file: file, line: line))
    }
}
