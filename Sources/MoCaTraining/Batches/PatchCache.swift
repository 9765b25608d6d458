// A cache of decoded images across epochs: decoding thousands of small files again costs more than
// computing the model.

import Foundation
import MoCaCore
import MoCaImage
import MoCaProcessing
import Synchronization

/// A cache of image patches up to `byteCountMax` bytes. Images beyond the limit are decoded on each
/// use.
final class PatchCache: Sendable {
    private struct State {
        var patches: [Key: ImagePatches] = [:]
        var byteCount = 0
    }

    /// The identity of an image: the path of a file, or a hash of encoded bytes, whose names may be
    /// shared.
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

    init(_ images: ImagePreprocessor, rule: SmallSideRule, byteCountMax: Int) {
        self.images = images
        self.rule = rule
        self.byteCountMax = byteCountMax
    }

    /// Returns the patches of all images of an input, in order.
    ///
    /// - Throws: `ImageError`, `ProcessingError.imageChanged`.
    func patches(of outline: InputOutline) throws -> [ImagePatches] {
        try zip(outline.images, outline.plans).map { source, plan in
            let patches = try patches(of: source)
            guard patches.plan == plan else {
                throw ProcessingError.imageChanged(name: source.name)
            }
            return patches
        }
    }

    private func patches(of source: ImageSource) throws -> ImagePatches {
        // Creating a key hashes all bytes, which is wasted without a cache.
        guard byteCountMax > 0 else { return try images.patches(of: source, rule: rule) }
        let key = Key(source)
        if let known = state.withLock({ $0.patches[key] }) { return known }
        let patches = try images.patches(of: source, rule: rule)
        state.withLock { state in
            let total = state.byteCount + patches.bytes.count
            guard total <= byteCountMax, state.patches[key] == nil else { return }
            state.patches[key] = patches
            state.byteCount = total
        }
        return patches
    }
}
