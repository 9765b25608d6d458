// The enlargement of small sides, which precedes everything else and uses the file's own mode.

package import MoCaCore

extension Raster {
    /// The image with both sides at least `side` pixels: unchanged, or enlarged by `rule`.
    package func enlarged(to side: Int, by rule: SmallSideRule) -> Raster {
        switch rule {
        case .twoPass:
            resized(width: max(side, width), height: height)
                .resized(width: max(side, width), height: max(side, height))
        case .onePass:
            resized(width: max(side, width), height: max(side, height))
        }
    }

    /// The image resized by its mode's filter: nearest pixel, or bicubic with premultiplied alpha.
    func resized(width: Int, height: Int) -> Raster {
        if width == self.width && height == self.height { return self }
        var result = self
        (result.width, result.height) = (width, height)
        // Palettes take the nearest pixel; a grey image, resampled, has no transparent colour left.
        result.opacity =
            mode == .palette
            ? opacity.map { resizedOpacity($0, width: width, height: height) } : nil
        switch samples {
        case .bytes(let bytes):
            result.samples = .bytes(resized(bytes, width: width, height: height))
        case .words(let words):
            let columns = Self.nearest(from: self.width, to: width, isAccumulated: false)
            let rows = Self.nearest(from: self.height, to: height, isAccumulated: false)
            result.samples = .words(picked(words, columns: columns, rows: rows))
        case .integers(let numbers):
            let exact = numbers.map(Double.init)
            // Each pass rounds to a 32-bit integer, halves away from zero.
            let sums = resampled(exact, width: width, height: height) { sum in
                Double(Int32(clampedTo: sum >= 0 ? sum + 0.5 : sum - 0.5))
            }
            result.samples = .integers(sums.map { Int32($0) })
        case .floats(let numbers):
            let exact = numbers.map(Double.init)
            let sums = resampled(exact, width: width, height: height) { Double(Float($0)) }
            result.samples = .floats(sums.map { Float($0) })
        }
        return result
    }

    private func resized(_ bytes: [UInt8], width: Int, height: Int) -> [UInt8] {
        switch mode {
        case .bilevel, .palette:
            return picked(
                bytes, columns: Self.nearest(from: self.width, to: width, isAccumulated: true),
                rows: Self.nearest(from: self.height, to: height, isAccumulated: true))
        default:
            let hasAlpha = mode == .greyAlpha || mode == .rgba
            let source = hasAlpha ? Self.premultiplied(bytes, bands: mode.bands) : bytes
            let resampler = Resampler(
                source, width: self.width, height: self.height, bands: mode.bands,
                to: (width, height))
            let resized = resampler.bytes(height: height)
            return hasAlpha ? Self.unpremultiplied(resized, bands: mode.bands) : resized
        }
    }

    // MARK: - Nearest pixel

    /// The input index of each output index. Pillow accumulates the step for bytes and multiplies
    /// it for words; the results may round to different pixels.
    private static func nearest(from inSize: Int, to outSize: Int, isAccumulated: Bool) -> [Int] {
        let step = Double(inSize) / Double(outSize)
        var position = step * 0.5
        return (0..<outSize).map { i in
            let at = isAccumulated ? position : step * (Double(i) + 0.5)
            position += step
            return min(Int(at), inSize - 1)
        }
    }

    private func resizedOpacity(_ opacity: [UInt8], width: Int, height: Int) -> [UInt8] {
        picked(
            opacity, bands: 1,
            columns: Self.nearest(from: self.width, to: width, isAccumulated: true),
            rows: Self.nearest(from: self.height, to: height, isAccumulated: true))
    }

    private func picked<T>(_ samples: [T], columns: [Int], rows: [Int]) -> [T] {
        picked(samples, bands: mode.bands, columns: columns, rows: rows)
    }

    private func picked<T>(
        _ samples: [T], bands: Int, columns: [Int], rows: [Int]
    ) -> [T] {
        var out: [T] = []
        out.reserveCapacity(columns.count * rows.count * bands)
        for row in rows {
            for column in columns {
                let start = (row * width + column) * bands
                out.append(contentsOf: samples[start..<start + bands])
            }
        }
        return out
    }

    // MARK: - Alpha

    private static func premultiplied(_ bytes: [UInt8], bands: Int) -> [UInt8] {
        var out = bytes
        for start in stride(from: 0, to: out.count, by: bands) {
            let alpha = out[start + bands - 1]
            for band in start..<start + bands - 1 {
                out[band] = productOver255(out[band], alpha)
            }
        }
        return out
    }

    private static func unpremultiplied(_ bytes: [UInt8], bands: Int) -> [UInt8] {
        var out = bytes
        for start in stride(from: 0, to: out.count, by: bands) {
            let alpha = Int(out[start + bands - 1])
            guard alpha != 0 && alpha != 255 else { continue }
            for band in start..<start + bands - 1 {
                out[band] = UInt8(min(255, 255 * Int(out[band]) / alpha))
            }
        }
        return out
    }

    // MARK: - 32-bit samples

    /// Runs both bicubic passes over one band in double precision; `rounded` is applied after each.
    private func resampled(
        _ samples: [Double], width: Int, height: Int, rounded: (Double) -> Double
    ) -> [Double] {
        var rows = samples
        if width != self.width {
            let weights = FilterWeights(.bicubic, from: self.width, to: width, keepsExact: true)
            rows = (0..<self.height * width).map { index in
                let base = index / width * self.width
                return rounded(weights.sum(index % width) { samples[base + $0] })
            }
        }
        guard height != self.height else { return rows }
        let weights = FilterWeights(
            .bicubic, from: self.height, to: height, keepsExact: true)
        return (0..<height * width).map { index in
            rounded(weights.sum(index / width) { rows[$0 * width + index % width] })
        }
    }
}

extension FilterWeights {
    /// The weighted sum for output pixel `i`, with the weights before rounding.
    fileprivate func sum(_ i: Int, of sample: (Int) -> Double) -> Double {
        var total = 0.0
        for t in 0..<Int(count[i]) {
            total += sample(Int(first[i]) + t) * exact[i * stride + t]
        }
        return total
    }
}

extension Int32 {
    /// The integer part, clamped to the range of the type; 0 for NaN.
    fileprivate init(clampedTo number: Double) {
        self = number.isNaN ? 0 : Int32(Swift.max(-0x1p31, Swift.min(number, 0x1p31 - 1)))
    }
}
