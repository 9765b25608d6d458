// One picture with some of its patches masked, as the patch decoder fills them in.
// Shapes: P patches, G image tokens (merged groups of patches), R masked image tokens, V values of
// a patch.

package import MoCaCore
package import MoCaModel
import Torch

/// What a model makes of the masked patches of one picture.
package struct PatchReconstruction: Sendable, Hashable {
    /// `[R]`: the masked image tokens, as numbers from 0 to G - 1, ascending.
    package let maskedGroups: [Int]
    /// `[mergeUnit * R, V]`: the patches that the model puts there.
    package let predictions: [Float]
    /// The mean over all predicted values; nil when nothing is masked.
    package let meanSquaredError: Double?
    /// The same where each masked patch is filled with the mean of the visible ones, which knows
    /// nothing of the place; nil when nothing is masked, or everything.
    package let baselineError: Double?
}

extension ReconstructionModel {
    /// Masks patches of one picture and predicts them. Gradients are not recorded.
    ///
    /// - Parameters:
    ///   - sequence: the tokens of an input whose only image is the picture.
    ///   - pixels: the patches of the picture.
    /// - Throws: `ModelError`, as `EncoderInput` does.
    package func reconstruct(
        _ sequence: EncoderInput.Sequence, pixels: PatchPixels, masking: Masking,
        using random: inout RandomSource
    ) throws(ModelError) -> PatchReconstruction {
        let mergeUnit = backbone.configuration.inputRules.patch.mergeUnit
        let batch = try masking.corrupt(
            [sequence], pixels: pixels, for: backbone.configuration, using: &random)
        let groups = Dictionary(
            uniqueKeysWithValues: batch.input.imageTokens.enumerated().map { ($1, $0) })
        let masked = batch.maskedImageTokens.compactMap { groups[$0] }
        guard let targets = batch.patchTargets else {
            return PatchReconstruction(
                maskedGroups: [], predictions: [], meanSquaredError: nil, baselineError: nil)
        }
        let predictions = withoutGradient {
            let output = encode(batch.input)
            return patches(
                output, at: Tensor(batch.maskedImageTokens, on: output.hidden.device)
            ).to(.cpu)  // [mergeUnit * R, V]
        }
        let visible = Set(groups.values).subtracting(masked).sorted()
            .flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit }
        let mean =
            visible.isEmpty
            ? nil : pixels.originals(at: visible).values().mean([0], keepingAxes: true)  // [1, V]
        return PatchReconstruction(
            maskedGroups: masked, predictions: predictions.array(),
            meanSquaredError: Double((predictions - targets).power(2).mean().item()),
            baselineError: mean.map { Double((targets - $0).power(2).mean().item()) })
    }
}
