// One input as tokens, before its images are decoded, which suffices to compute its cost.

package import MoCaCore
package import MoCaModel

/// The tokens and image sizes of one input.
package struct InputOutline: Sendable {
    /// All token ids, including those of images.
    package let ids: [Int32]
    /// The images, in the order of their tokens.
    package let images: [ImageSource]
    /// The patches and tokens of the images.
    package let plans: [ImagePlan]
    /// The number of image tokens, excluding their markers.
    package let imageTokenCount: Int
    /// The number of vectors of the images beside the sequence.
    package let vectorCount: Int
    /// What truncation removed.
    package let truncated: Truncated

    /// What the input adds to a batch, in tokens; vectors beside the sequence count as tokens.
    package var load: Int { ids.count + vectorCount }

    /// The input in the model's form, without its patches.
    package var sequence: EncoderInput.Sequence { .init(ids: ids, plans: plans) }

    /// The grids of the images; those of another plan are left out.
    package var grids: [ImageGrid] { plans.compactMap(\.grid) }

    /// The number of rows of `pixel_values`.
    package var patchCount: Int { plans.reduce(0) { $0 + $1.patchCount } }
}
