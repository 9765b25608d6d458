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
    let ratio = Double(max(width, height)) / Double(min(width, height))
    guard ratio <= SmallSides.aspectRatioMax else { return nil }
    let size = fittedSize(
        PixelSize(width: width, height: height), factor: factor, budget: budget,
        minimumSide: .refused)
    return (size.width, size.height)
}

/// The multiples of `factor` nearest to the sides of `size` (halves to the even multiple), reduced
/// by floor or enlarged by ceiling to fit `budget`; a side may be 0 unless `minimumSide` forbids.
func fittedSize(
    _ size: PixelSize, factor: Int, budget: PixelBudget, minimumSide: ImageRecipe.MinimumSide
) -> PixelSize {
    let (w, h, unit) = (Double(size.width), Double(size.height), Double(factor))
    let least = minimumSide == .always ? 1.0 : 0
    var columns = max((w / unit).rounded(.toNearestOrEven), least)
    var rows = max((h / unit).rounded(.toNearestOrEven), least)
    let pixels = columns * rows * unit * unit
    if pixels > Double(budget.maxPixels) {
        let beta = (h * w / Double(budget.maxPixels)).squareRoot()
        let least = minimumSide == .refused ? 0.0 : 1
        columns = max((w / beta / unit).rounded(.down), least)
        rows = max((h / beta / unit).rounded(.down), least)
    } else if pixels < Double(budget.minPixels) {
        let beta = (Double(budget.minPixels) / (h * w)).squareRoot()
        columns = (w * beta / unit).rounded(.up)
        rows = (h * beta / unit).rounded(.up)
    }
    return PixelSize(width: Int(columns) * factor, height: Int(rows) * factor)
}

/// The reference's limits on the shape of an image.
enum SmallSides {
    /// The side in pixels below which images are enlarged first.
    static let minimum = 28

    /// The side to which MoCa enlarges shorter ones: its own minimum, or a longer image token.
    static func enlargedSide(tokenSide: Int) -> Int { max(minimum, tokenSide) }
    /// The maximum ratio of the longer side to the shorter one.
    static let aspectRatioMax = 200.0
}
