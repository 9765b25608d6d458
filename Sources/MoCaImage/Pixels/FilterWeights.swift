// Weights of a resampling filter for a pair of sizes, and a bounded cache of them.

import CPixels
import Synchronization

/// A filter of Pillow.
package enum ResamplingFilter: Sendable, Hashable {
    /// Convolution with Keys' cubic, a = -0.5.
    case bicubic
    /// Convolution with a triangle.
    case bilinear

    /// The distance in pixels, without reduction, from which on weights are 0.
    fileprivate var support: Double {
        switch self {
        case .bicubic: 2
        case .bilinear: 1
        }
    }

    /// The weight before normalisation at a distance from the centre.
    fileprivate func weight(at position: Double) -> Double {
        let (a, x) = (-0.5, abs(position))
        switch self {
        case .bilinear: return max(0, 1 - x)
        case .bicubic:
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        }
    }
}

/// The weights of input pixels for each output pixel of one pass: convolution with a filter, widened
/// by the reduction factor, cut at the border and normalised.
final class FilterWeights: Sendable {
    /// Fractional bits of a fixed-point weight: 32 minus 8 for a pixel and 2 for overshoot.
    static let fractionBits = 22
    /// A fixed-point weight is high * 2^lowBits + low, so that 16-bit products are exact.
    private static let lowBits = 11

    /// The first input pixel of each output pixel.
    let first: [Int32]
    /// The number of input pixels of each output pixel.
    let count: [Int32]
    /// The distance between the weights of adjacent output pixels in `high` and `low`; a multiple
    /// of 16.
    let stride: Int
    let high: [Int16]
    let low: [Int16]
    /// The weights before rounding, `stride` for each output pixel; only for 32-bit samples.
    let exact: [Double]

    /// Computes the weights from `inSize` to `outSize` pixels, in Pillow's order of operations.
    /// `keepsExact` also keeps the weights before rounding.
    init(
        _ filter: ResamplingFilter, from inSize: Int, to outSize: Int, keepsExact: Bool = false
    ) {
        let scale = Double(inSize) / Double(outSize)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        stride = (Int(support.rounded(.up)) * 2 + 1 + 15) / 16 * 16
        var first = [Int32](), count = [Int32]()
        var high = [Int16](repeating: 0, count: outSize * stride), low = high
        var exact = [Double](repeating: 0, count: keepsExact ? outSize * stride : 0)
        var weights = [Double](repeating: 0, count: stride)
        for i in 0..<outSize {
            let center = (Double(i) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let taps = min(inSize, Int(center + support + 0.5)) - start
            var total = 0.0
            for t in 0..<taps {
                weights[t] = filter.weight(
                    at: (Double(t + start) - center + 0.5) * (1 / filterScale))
                total += weights[t]
            }
            for t in 0..<taps {
                if total != 0 { weights[t] /= total }
                let scaled = weights[t] * Double(1 << Self.fractionBits)
                let fixed = Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
                high[i * stride + t] = Int16(fixed >> Int32(Self.lowBits))
                low[i * stride + t] = Int16(fixed & ((1 << Int32(Self.lowBits)) - 1))
                if keepsExact { exact[i * stride + t] = weights[t] }
            }
            first.append(Int32(start))
            count.append(Int32(taps))
        }
        (self.first, self.count, self.high, self.low, self.exact) = (first, count, high, low, exact)
    }

    /// Calls `body` with the tables for a C kernel.
    func withTables(_ body: (UnsafePointer<cpixels_weights>) -> Void) {
        first.withUnsafeBufferPointer { first in
            count.withUnsafeBufferPointer { count in
                high.withUnsafeBufferPointer { high in
                    low.withUnsafeBufferPointer { low in
                        var tables = cpixels_weights(
                            stride: Int32(stride), first: first.baseAddress,
                            count: count.baseAddress, high: high.baseAddress,
                            low: low.baseAddress)
                        body(&tables)
                    }
                }
            }
        }
    }

    // MARK: - Store

    private struct Sizes: Hashable {
        var filter: ResamplingFilter
        var from: Int
        var to: Int
    }

    /// The maximum number of weights in the cache; a typical pair of sizes has about 20,000.
    private static let storeLimit = 8_000_000
    private static let store = Mutex<(tables: [Sizes: FilterWeights], size: Int)>(([:], 0))

    /// The weights for a pair of sizes, cached. Images of a data set have few distinct sizes.
    static func shared(
        _ filter: ResamplingFilter, from inSize: Int, to outSize: Int
    ) -> FilterWeights {
        let sizes = Sizes(filter: filter, from: inSize, to: outSize)
        if let known = store.withLock({ $0.tables[sizes] }) { return known }
        let made = FilterWeights(filter, from: inSize, to: outSize)
        store.withLock { store in
            guard store.tables[sizes] == nil, made.high.count <= storeLimit else { return }
            if store.size + made.high.count > storeLimit { store = ([:], 0) }
            store.tables[sizes] = made
            store.size += made.high.count
        }
        return made
    }
}
