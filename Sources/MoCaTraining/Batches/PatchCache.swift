// Decoded images, kept between epochs: decoding thousands of small files again costs more than the
// model does. Kept as bytes: both frames of a still image are one, and a number of a patch is one of
// 256 of its channel.

import Foundation
import MoCaCore
import MoCaImage
import MoCaProcessing
import Synchronization

/// Patches by image, up to a number of bytes; images that come later are decoded each time.
final class PatchCache: Sendable {
    private struct State {
        var entries: [Key: [UInt8]] = [:]
        var byteCount = 0
    }

    /// An image: a file by its path, encoded bytes by what they are, for names may be shared.
    private struct Key: Hashable {
        private let name: String
        private let bytes: Int

        init(_ source: ImageSource) {
            name = source.name
            var hasher = Hasher()
            if case .encoded(let data, _) = source {
                hasher.combine(data.count)
                data.withUnsafeBytes { hasher.combine(bytes: $0) }
            }
            bytes = hasher.finalize()
        }
    }

    private let images: ImagePreprocessor
    private let rule: SmallSideRule
    private let byteCountMax: Int
    private let state = Mutex(State())
    /// `[3][256]`: what a byte becomes in each channel.
    private let values: [[Float]]
    private let bytes: [[Float: UInt8]]

    init(_ images: ImagePreprocessor, rule: SmallSideRule, byteCountMax: Int) {
        (self.images, self.rule, self.byteCountMax) = (images, rule, byteCountMax)
        let settings = images.configuration
        values = (0..<3).map { channel in
            let mean = Float(settings.mean[channel])
            let deviation = Float(settings.deviation[channel])
            return (0..<256).map {
                (Float(Double($0) * settings.rescaleFactor) - mean) / deviation
            }
        }
        bytes = values.map { table in
            Dictionary(
                table.enumerated().map { ($1, UInt8($0)) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The rows of `pixel_values` of all images of an input.
    ///
    /// - Throws: `ImageError`, `ProcessingError.imageChanged`.
    func pixels(of outline: InputOutline) throws -> [Float] {
        if outline.images.count == 1 {
            return try pixels(of: outline.images[0], outline.grids[0])
        }
        return try zip(outline.images, outline.grids).flatMap { try pixels(of: $0, $1) }
    }

    private func pixels(of source: ImageSource, _ grid: ImageGrid) throws -> [Float] {
        // A key is a hash of all bytes.
        guard byteCountMax > 0 else { return try decoded(source, grid) }
        let key = Key(source)
        let known = state.withLock { $0.entries[key] }
        if let known { return unpacked(known) }
        let patches = try decoded(source, grid)
        if let packed = packed(patches) {
            state.withLock { state in
                let total = state.byteCount + packed.count
                guard total <= byteCountMax, state.entries[key] == nil else { return }
                state.entries[key] = packed
                state.byteCount = total
            }
        }
        return patches
    }

    private func decoded(_ source: ImageSource, _ grid: ImageGrid) throws -> [Float] {
        let patches = try images.patches(of: source, rule: rule)
        guard patches.grid == grid else { throw ProcessingError.imageChanged(name: source.name) }
        return patches.values
    }

    /// Numbers of one frame of one channel of a patch.
    private var area: Int { images.configuration.patchSize * images.configuration.patchSize }
    private var frames: Int { images.configuration.temporalPatchSize }

    /// The bytes of rows `[P, 3 * frames * area]`, one frame each; nil for rows that they do not
    /// give back.
    private func packed(_ rows: [Float]) -> [UInt8]? {
        let width = frames * area
        var packed: [UInt8] = []
        packed.reserveCapacity(rows.count / frames)
        for start in stride(from: 0, to: rows.count, by: width) {
            let table = bytes[start / width % 3]
            for index in start..<start + area {
                guard let byte = table[rows[index]] else { return nil }
                packed.append(byte)
            }
        }
        return unpacked(packed) == rows ? packed : nil
    }

    private func unpacked(_ packed: [UInt8]) -> [Float] {
        let (area, frames) = (area, frames)
        return [Float](unsafeUninitializedCapacity: packed.count * frames) { buffer, count in
            for (number, start) in stride(from: 0, to: packed.count, by: area).enumerated() {
                let table = values[number % 3]
                let first = start * frames
                for index in 0..<area { buffer[first + index] = table[Int(packed[start + index])] }
                for frame in 1..<max(1, frames) where frames > 1 {
                    for index in 0..<area {
                        buffer[first + frame * area + index] = buffer[first + index]
                    }
                }
            }
            count = packed.count * frames
        }
    }
}
