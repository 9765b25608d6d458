// One input as tokens, before its images are decoded: enough to know its cost.

package import MoCaCore
package import MoCaModel

/// Tokens and image sizes of one input.
package struct InputOutline: Sendable {
    /// All tokens, each image's included.
    package let ids: [Int32]
    /// The images, in the order of their tokens.
    package let images: [ImageSource]
    /// Their sizes in patches.
    package let grids: [ImageGrid]
    /// How many of the tokens are of images, without their markers.
    package let imageTokenCount: Int
    /// What truncation left out.
    package let dropped: Dropped

    /// What truncation left out of an input.
    package struct Dropped: Sendable, Hashable {
        package var tokens = 0
        package var images = 0

        package init(tokens: Int = 0, images: Int = 0) {
            (self.tokens, self.images) = (tokens, images)
        }
    }

    /// The input as the model takes it, without its patches.
    package var sequence: EncoderInput.Sequence { .init(ids: ids, grids: grids) }

    /// Rows of `pixel_values`.
    package var patchCount: Int { grids.reduce(0) { $0 + $1.patchCount } }
}
