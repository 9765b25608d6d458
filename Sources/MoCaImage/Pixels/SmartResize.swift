// The size that an image is resampled to: multiples of one image token within a pixel budget.

package import MoCaCore

/// The target size of an image of `width` x `height` pixels: each side the nearest multiple of
/// `factor` (halves to the even multiple), reduced by floor or enlarged by ceiling to fit `budget`.
///
/// Nil if a side is shorter than `factor` or one side is over 200 times the other.
package func smartResize(
    width: Int, height: Int, factor: Int, budget: PixelBudget
) -> (width: Int, height: Int)? {
    guard min(width, height) >= factor else { return nil }
    let (w, h, unit) = (Double(width), Double(height), Double(factor))
    guard max(w, h) / min(w, h) <= SmallSides.aspectRatioMax else { return nil }
    var columns = (w / unit).rounded(.toNearestOrEven)
    var rows = (h / unit).rounded(.toNearestOrEven)
    let pixels = columns * rows * unit * unit
    if pixels > Double(budget.maxPixels) {
        let beta = (h * w / Double(budget.maxPixels)).squareRoot()
        columns = (w / beta / unit).rounded(.down)
        rows = (h / beta / unit).rounded(.down)
    } else if pixels < Double(budget.minPixels) {
        let beta = (Double(budget.minPixels) / (h * w)).squareRoot()
        columns = (w * beta / unit).rounded(.up)
        rows = (h * beta / unit).rounded(.up)
    }
    return (Int(columns) * factor, Int(rows) * factor)
}

/// The reference's limits on the shape of an image.
enum SmallSides {
    /// The side in pixels below which images are enlarged first (MoCa's rule, whatever the patch
    /// size).
    static let minimum = 28
    /// The maximum ratio of the longer side to the shorter one.
    static let aspectRatioMax = 200.0
}
