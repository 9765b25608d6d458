// Corruption of a batch (MoCa, section 3.1): text tokens become the mask token, patches noise.
// Shapes: P patches, V values of a patch.

package import MoCaCore
package import MoCaModel
package import Torch

/// The noise that masked patches are replaced by.
package enum PatchNoise: String, Sendable, Hashable, Codable, CaseIterable {
    /// A fresh Gaussian vector for every patch (the paper).
    case perPatch = "per_patch"
    /// One Gaussian vector for the whole batch (the released code).
    case shared
}

/// How much of a batch is masked, and how.
package struct Masking: Sendable, Hashable {
    /// What a recipe decides.
    package struct Settings: Sendable, Hashable {
        /// The probability that a text token is masked; special tokens never are.
        package var mlmRatio: Double
        /// The probability that an image token's patches are masked.
        package var maeRatio: Double
        package var noise: PatchNoise

        /// The ratios of the released code.
        package init(mlmRatio: Double = 0.4, maeRatio: Double = 0.5, noise: PatchNoise = .perPatch)
        {
            (self.mlmRatio, self.maeRatio, self.noise) = (mlmRatio, maeRatio, noise)
        }
    }

    package var settings: Settings
    /// The id that masked tokens become.
    package var maskToken: Int32
    /// Ids that are never masked.
    package var specialTokens: Set<Int32>

    package init(_ settings: Settings, maskToken: Int32, specialTokens: Set<Int32>) {
        self.settings = settings
        (self.maskToken, self.specialTokens) = (maskToken, specialTokens)
    }

    /// Corrupts packed sequences. `pixelValues` is float32 `[P, V]`, of all their images.
    ///
    /// - Throws: `ModelError`, as `EncoderInput` does.
    package func corrupt(
        _ sequences: [EncoderInput.Sequence], pixelValues: Tensor?,
        for configuration: Qwen25VLConfiguration, using random: inout RandomSource
    ) throws(ModelError) -> ReconstructionBatch {
        var corrupted = sequences
        var (tokens, targets) = ([Int](), [Int32]())
        var (imageTokens, groups) = ([Int](), [Int]())
        var (place, group) = (0, 0)
        for number in corrupted.indices {
            for index in corrupted[number].ids.indices {
                let id = corrupted[number].ids[index]
                if id == configuration.tokens.image {
                    if Double(random.uniform()) < settings.maeRatio {
                        imageTokens.append(place)
                        groups.append(group)
                    }
                    group += 1
                } else if !specialTokens.contains(id), Double(random.uniform()) < settings.mlmRatio
                {
                    tokens.append(place)
                    targets.append(id)
                    corrupted[number].ids[index] = maskToken
                }
                place += 1
            }
        }
        let replaced = replace(
            groups, of: pixelValues, mergeUnit: configuration.vision.mergeUnit, using: &random)
        return ReconstructionBatch(
            input: try EncoderInput(
                corrupted, pixelValues: replaced.pixelValues, for: configuration),
            maskedTokens: tokens, tokenTargets: targets, maskedImageTokens: imageTokens,
            patchTargets: replaced.originals)
    }

    /// The patches with noise in the rows of `groups`, and those rows as they were.
    private func replace(
        _ groups: [Int], of pixelValues: Tensor?, mergeUnit: Int, using random: inout RandomSource
    ) -> (pixelValues: Tensor?, originals: Tensor?) {
        guard let pixelValues, !groups.isEmpty else { return (pixelValues, nil) }
        let rows = groups.flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit }
        let index = Tensor(rows)
        let width = pixelValues.sizes2().1
        let vectors = Tensor.normal(
            [settings.noise == .shared ? 1 : rows.count, width], using: &random)
        let replaced = pixelValues.replacingRows(
            at: index, with: vectors.expanded([rows.count, width]))
        return (replaced, pixelValues.indexed(0, by: index))
    }
}
