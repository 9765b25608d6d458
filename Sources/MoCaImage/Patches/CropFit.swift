// The crops of Phi-3-vision: the image as wide as whole crops, centred between white margins above
// and below. An image that is higher than wide is transposed before and after. Equal to
// `HD_transform` of the released code.

import MoCaCore

/// The size of one image in crops.
struct CropFit: Sendable, Hashable {
    /// Whether the image is transposed before it is resized, and afterwards.
    let isTransposed: Bool
    /// The size of the image before margins, in pixels; transposed if `isTransposed`.
    let image: PixelSize
    /// The side of a crop, in pixels.
    let side: Int

    /// Chooses as many crops in a row as keep their total within `limit`.
    ///
    /// Nil for an image so long and thin that it would have no pixels in one direction.
    init?(_ size: PixelSize, side: Int, limit: Int) {
        isTransposed = size.width < size.height
        let (longer, shorter) = (
            Double(max(size.width, size.height)), Double(min(size.width, size.height))
        )
        let ratio = longer / shorter
        var columns = 1
        while Double(columns + 1) * (Double(columns + 1) / ratio).rounded(.up) <= Double(limit) {
            columns += 1
        }
        let width = columns * side
        image = PixelSize(width: width, height: Int(Double(width) / ratio))
        self.side = side
        guard image.height > 0 else { return nil }
    }

    /// The size with margins, in pixels; transposed if `isTransposed`.
    var padded: PixelSize {
        PixelSize(
            width: image.width, height: (image.height + side - 1) / side * side)
    }

    /// What the image becomes, with patches of `patchSize` pixels.
    func crops(patchSize: Int) -> ImageCrops {
        let (rows, columns) = (padded.height / side, padded.width / side)
        return ImageCrops(
            rows: isTransposed ? columns : rows, columns: isTransposed ? rows : columns,
            side: side / patchSize)
    }
}
