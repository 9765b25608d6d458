// Orientation of an image by its Orientation tag (TIFF 6.0, section 8; EXIF 2.32, tag 274).

/// The transformation from stored to upright pixels; the raw value is that of the tag.
package enum ImageOrientation: Int, Sendable, Hashable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether width and height are swapped.
    package var isTransposed: Bool { rawValue >= 5 }
}

extension Raster {
    /// The image after applying the orientation.
    func turned(_ orientation: ImageOrientation) -> Raster {
        guard orientation != .upright else { return self }
        var result = self
        if orientation.isTransposed { (result.width, result.height) = (height, width) }
        switch samples {
        case .bytes(let values): result.samples = .bytes(turned(values, orientation))
        case .words(let values): result.samples = .words(turned(values, orientation))
        case .integers(let values): result.samples = .integers(turned(values, orientation))
        case .floats(let values): result.samples = .floats(turned(values, orientation))
        }
        result.opacity = opacity.map { turned($0, bands: 1, orientation) }
        return result
    }

    private func turned<T>(_ values: [T], _ orientation: ImageOrientation) -> [T] {
        turned(values, bands: mode.bands, orientation)
    }

    private func turned<T>(
        _ values: [T], bands: Int, _ orientation: ImageOrientation
    ) -> [T] {
        let (columns, rows) = orientation.isTransposed ? (height, width) : (width, height)
        var out: [T] = []
        out.reserveCapacity(values.count)
        for y in 0..<rows {
            for x in 0..<columns {
                let (column, row) = stored(x, y, orientation)
                let start = (row * width + column) * bands
                out.append(contentsOf: values[start..<start + bands])
            }
        }
        return out
    }

    /// The stored position of the pixel at column `x` and row `y` of the upright image.
    private func stored(
        _ x: Int, _ y: Int, _ orientation: ImageOrientation
    ) -> (column: Int, row: Int) {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .upsideDown: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .turnedRight: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .turnedLeft: (width - 1 - y, x)
        }
    }
}
