// The place of an image on a canvas of tiles, as MllamaImageProcessor of transformers decides it.

package import MoCaCore

/// An image in the upper left corner of a canvas.
struct CornerFit: Sendable, Hashable {
    /// The tiles of the canvas.
    let canvas: ImageCanvas
    /// The size of the canvas in pixels.
    let canvasSize: PixelSize
    /// The size that the image takes.
    let image: PixelSize

    /// Finds the canvas on which an image is enlarged least, or else reduced least, and of equal
    /// ones the smallest. The image keeps its aspect ratio.
    ///
    /// - Parameters:
    ///   - side: the side of a tile, in pixels.
    ///   - limit: the maximum number of tiles.
    init(_ size: PixelSize, side: Int, limit: Int, patchSize: Int) {
        let (width, height) = (Double(size.width), Double(size.height))
        let all = ImageCanvas.all(tileCountMax: limit, side: side / patchSize)
        let scales = all.map { canvas in
            min(Double(side * canvas.rows) / height, Double(side * canvas.columns) / width)
        }
        let best = scales.filter { $0 >= 1 }.min() ?? scales.max() ?? 1
        // The first of equal ones, as Python's min.
        let canvas = zip(all, scales).filter { $0.1 == best }.map { $0.0 }
            .min { $0.tileCount < $1.tileCount }
        self.canvas = canvas ?? all[0]
        canvasSize = PixelSize(
            width: self.canvas.columns * side, height: self.canvas.rows * side)
        let most = PixelSize(
            width: min(max(size.width, side), canvasSize.width),
            height: min(max(size.height, side), canvasSize.height))
        let (byWidth, byHeight) = (Double(most.width) / width, Double(most.height) / height)
        if byWidth < byHeight {
            let rows = max(Int((height * byWidth).rounded(.down)), 1)
            image = PixelSize(width: most.width, height: min(rows, most.height))
        } else {
            let columns = max(Int((width * byHeight).rounded(.down)), 1)
            image = PixelSize(width: min(columns, most.width), height: most.height)
        }
    }
}
