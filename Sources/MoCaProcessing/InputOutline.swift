// One input as tokens, before its images are decoded, which suffices to compute its cost.

package import MoCaCore
package import MoCaModel

/// The tokens and image sizes of one input.
package struct InputOutline: Sendable {
    /// All token ids, including those of images.
    package let ids: [Int32]
    /// The images, in the order of their tokens.
    package let images: [ImageSource]
    /// The sizes of the images in patches.
    package let grids: [ImageGrid]
    /// The number of image tokens, excluding their markers.
    package let imageTokenCount: Int
    /// What truncation removed.
    package let dropped: Dropped

    /// The tokens and images that truncation removed from an input.
    package struct Dropped: Sendable, Hashable {
        package var tokens = 0
        package var images = 0

        package init(tokens: Int = 0, images: Int = 0) {
            (self.tokens, self.images) = (tokens, images)
        }
    }

    /// The input in the model's form, without its patches.
    package var sequence: EncoderInput.Sequence { .init(ids: ids, grids: grids) }

    /// The number of rows of `pixel_values`.
    package var patchCount: Int { grids.reduce(0) { $0 + $1.patchCount } }
}
