// What an image becomes in a model, known before the image is decoded.

/// The patches of an image in the vision tower, and its tokens in the language model.
package enum ImagePlan: Sendable, Hashable {
    /// An image of its own size, whose groups of patches are its tokens.
    case grid(ImageGrid)
    /// The whole image as one tile, and the image cut into tiles (LLaVA-NeXT).
    case tiles(ImageTiles)
    /// The image cut into crops, and the whole image, which is computed from them (Phi-3-vision).
    case crops(ImageCrops)
    /// The image on a canvas of tiles, whose vectors are not part of the sequence (Llama 3.2 Vision).
    case canvas(ImageCanvas)

    /// The number of rows of `pixel_values` of the image.
    package var patchCount: Int {
        switch self {
        case .grid(let grid): grid.patchCount
        case .tiles(let tiles): tiles.patchCount
        case .crops(let crops): crops.patchCount
        case .canvas(let canvas): canvas.patchCount
        }
    }

    /// The number of tokens of the image in the language model, excluding markers. `mergeSize` x
    /// `mergeSize` patches of a grid become one token.
    package func tokenCount(mergeSize: Int) -> Int {
        switch self {
        case .grid(let grid): grid.tokenCount(mergeSize: mergeSize)
        case .tiles(let tiles): tiles.tokenCount
        case .crops(let crops): crops.tokenCount
        case .canvas: 1
        }
    }

    /// The grid of an image of its own size; nil for other plans.
    package var grid: ImageGrid? {
        if case .grid(let grid) = self { grid } else { nil }
    }
}

/// An image on a canvas of square tiles. Its tokens are those of the whole image, reduced to one
/// tile, then those of the canvas without its margins: one for each patch, and a separator after
/// each row of patches.
package struct ImageTiles: Sendable, Hashable {
    /// The number of rows of tiles.
    package let rows: Int
    /// The number of tiles in a row.
    package let columns: Int
    /// The number of patches along a side of a tile.
    package let side: Int
    /// The rows of patches of the canvas that become tokens.
    package let keptRows: Range<Int>
    /// The columns of patches of the canvas that become tokens.
    package let keptColumns: Range<Int>

    package init(
        rows: Int, columns: Int, side: Int, keptRows: Range<Int>, keptColumns: Range<Int>
    ) {
        (self.rows, self.columns, self.side) = (rows, columns, side)
        self.keptRows = keptRows
        self.keptColumns = keptColumns
    }

    /// The number of tiles, including that of the whole image.
    package var tileCount: Int { 1 + rows * columns }
    /// The number of patches of all tiles.
    package var patchCount: Int { tileCount * side * side }
    /// The number of tokens of the image.
    package var tokenCount: Int { side * side + keptRows.count * (keptColumns.count + 1) }
}

/// An image cut into square crops. Two by two patches become one token; a separator follows each
/// row of tokens, and another one stands between the crops and the whole image.
package struct ImageCrops: Sendable, Hashable {
    /// The number of rows of crops.
    package let rows: Int
    /// The number of crops in a row.
    package let columns: Int
    /// The number of patches along a side of a crop, which is even.
    package let side: Int

    package init(rows: Int, columns: Int, side: Int) {
        (self.rows, self.columns, self.side) = (rows, columns, side)
    }

    /// The number of crops, excluding the whole image.
    package var cropCount: Int { rows * columns }
    /// The number of patches of all crops.
    package var patchCount: Int { cropCount * side * side }
    /// The number of rows of tokens of a crop.
    package var lineCount: Int { side / 2 }
    /// The number of tokens of the image.
    package var tokenCount: Int {
        (cropCount + 1) * lineCount * lineCount + (rows + 1) * lineCount + 1
    }
}

/// An image on a canvas of square tiles, with margins on the right and below. One token marks its
/// place in the sequence.
package struct ImageCanvas: Sendable, Hashable {
    /// The number of rows of tiles.
    package let rows: Int
    /// The number of tiles in a row.
    package let columns: Int
    /// The number of patches along a side of a tile.
    package let side: Int

    package init(rows: Int, columns: Int, side: Int) {
        (self.rows, self.columns, self.side) = (rows, columns, side)
    }

    /// The number of tiles.
    package var tileCount: Int { rows * columns }
    /// The number of patches of all tiles.
    package var patchCount: Int { tileCount * side * side }

    /// The canvases of at most `count` tiles, by rows, then columns.
    package static func all(tileCountMax count: Int, side: Int) -> [ImageCanvas] {
        (1...count).flatMap { rows in
            (1...count / rows).map { ImageCanvas(rows: rows, columns: $0, side: side) }
        }
    }
}
