// The canvas of LLaVA-NeXT: the image as large as it fits, centred on black, and the margins that
// get no tokens. Equal to `LlavaNextImageProcessor` and `unpad_image` of transformers 5.

import Foundation
import MoCaCore

/// The place of one image on its canvas.
struct CanvasFit: Sendable, Hashable {
    /// The size of the canvas, in pixels.
    let canvas: PixelSize
    /// The size of the image on the canvas, in pixels.
    let image: PixelSize
    /// The size of the image before it is resized, in pixels.
    private let original: PixelSize

    /// Chooses the canvas that keeps most pixels of the image, then wastes fewest; of equals, the
    /// first one.
    ///
    /// - Parameter sizes: the sizes of all canvases, at least one.
    init(_ size: PixelSize, sizes: [PixelSize]) {
        original = size
        var (best, most) = (sizes[0], (kept: -1, waste: 0))
        for canvas in sizes {
            let kept = Self.keptPixels(of: size, on: canvas)
            let waste = canvas.width * canvas.height - kept
            if kept > most.kept || kept == most.kept && waste < most.waste {
                (best, most) = (canvas, (kept, waste))
            }
        }
        canvas = best
        let across = Double(best.width) / Double(size.width)
        let down = Double(best.height) / Double(size.height)
        image =
            across < down
            ? PixelSize(
                width: best.width,
                height: min(Int((Double(size.height) * across).rounded(.up)), best.height))
            : PixelSize(
                width: min(Int((Double(size.width) * down).rounded(.up)), best.width),
                height: best.height)
    }

    private static func keptPixels(of size: PixelSize, on canvas: PixelSize) -> Int {
        let (width, height) = (Double(size.width), Double(size.height))
        let scale = min(Double(canvas.width) / width, Double(canvas.height) / height)
        return min(Int(width * scale) * Int(height * scale), size.width * size.height)
    }

    /// The column and row of the image's corner. Of an odd margin, the larger half is behind.
    var corner: (x: Int, y: Int) {
        ((canvas.width - image.width) / 2, (canvas.height - image.height) / 2)
    }

    /// What the image becomes, with tiles of `side` pixels and patches of `patchSize`.
    func tiles(side: Int, patchSize: Int) -> ImageTiles {
        let patches = side / patchSize
        let (tileRows, tileColumns) = (canvas.height / side, canvas.width / side)
        let (rows, columns) = (tileRows * patches, tileColumns * patches)
        let (width, height) = (Double(original.width), Double(original.height))
        var (top, left) = (0, 0)
        if width / height > Double(columns) / Double(rows) {
            top = (rows - Self.floor(height * (Double(columns) / width))) / 2
        } else {
            left = (columns - Self.floor(width * (Double(rows) / height))) / 2
        }
        return ImageTiles(
            rows: tileRows, columns: tileColumns, side: patches, keptRows: top..<rows - top,
            keptColumns: left..<columns - left)
    }

    /// The integer part of a number rounded to seven decimals.
    private static func floor(_ number: Double) -> Int {
        let nearest = number.rounded()
        return Int(abs(number - nearest) < 0.5e-7 ? nearest : number)
    }
}
