// The patch decoder's reconstruction of one image with masked patches.
// Shapes: P patches, G image tokens (merged groups of patches), R masked image tokens, V values of
// a patch.

package import MoCaCore
package import MoCaModel
import Torch

/// A model's predictions for the masked patches of one image.
package struct PatchReconstruction: Sendable, Hashable {
    /// `[R]`: the indices of the masked image tokens, from 0 to G - 1, ascending.
    package let maskedGroups: [Int]
    /// `[mergeUnit * R, V]`: the predicted patches.
    package let predictions: [Float]
    /// The mean squared error over all predicted values; nil when nothing is masked.
    package let meanSquaredError: Double?
    /// The mean squared error of predicting the mean of the visible patches, independent of
    /// position; nil when nothing or everything is masked.
    package let baselineError: Double?
}

extension ReconstructionModel {
    /// Masks patches of one image and predicts them. Gradients are not recorded.
    ///
    /// - Parameters:
    ///   - sequence: The tokens of an input with this image only.
    ///   - pixels: The patches of the image.
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
