// Resampling of bytes, bit-equal to Pillow 10.2: rows first, rounded to bytes, then columns.

import CPixels

/// The two passes of one resize. The second pass can compute a strip of rows at a time, so that the
/// consumer finds the rows in the cache.
struct Resampler {
    /// The number of bytes in an output row.
    let rowBytes: Int
    private let bands: Int
    private let isPortable: Bool
    /// The rows after the first pass; `vertical` counts from row 0 of them.
    private let rows: [UInt8]
    private let vertical: FilterWeights?

    /// Runs the first pass over `height` rows of `width` pixels of `bands` bytes; an unchanged side
    /// is not resampled. `isPortable` avoids vector instructions (for tests).
    init(
        _ bytes: [UInt8], width: Int, height: Int, bands: Int, to size: (width: Int, height: Int),
        filter: ResamplingFilter = .bicubic, isPortable: Bool = false
    ) {
        self.bands = bands
        self.isPortable = isPortable
        rowBytes = size.width * bands
        vertical = size.height == height ? nil : .shared(filter, from: height, to: size.height)
        guard size.width != width else {
            rows = bytes
            return
        }
        let weights = FilterWeights.shared(filter, from: width, to: size.width)
        let total = rowBytes * height
        rows = [UInt8](unsafeUninitializedCapacity: total) { out, initialized in
            weights.withTables { tables in
                cpixels_resample_rows(
                    bytes, width, height, Int32(bands), tables, size.width, out.baseAddress,
                    isPortable ? 0 : 1)
            }
            initialized = total
        }
    }

    /// Calls `body` with output rows `range`, computed in `scratch`, which grows as needed.
    func withRows<R>(
        _ range: Range<Int>, scratch: inout [UInt8], _ body: (UnsafePointer<UInt8>) -> R
    ) -> R {
        guard let vertical else {
            return rows.withUnsafeBufferPointer {
                body($0.baseAddress! + range.lowerBound * rowBytes)
            }
        }
        let needed = range.count * rowBytes
        if scratch.count < needed { scratch = [UInt8](repeating: 0, count: needed) }
        return scratch.withUnsafeMutableBufferPointer { out in
            vertical.withTables { tables in
                cpixels_resample_columns(
                    rows, rowBytes, tables, range.lowerBound, range.upperBound, out.baseAddress,
                    isPortable ? 0 : 1)
            }
            return body(UnsafePointer(out.baseAddress!))
        }
    }

    /// All output rows.
    func bytes(height: Int) -> [UInt8] {
        guard let vertical else { return rows }
        let total = height * rowBytes
        return [UInt8](unsafeUninitializedCapacity: total) { out, initialized in
            vertical.withTables { tables in
                cpixels_resample_columns(
                    rows, rowBytes, tables, 0, height, out.baseAddress, isPortable ? 0 : 1)
            }
            initialized = total
        }
    }
}

extension PixelImage {
    /// The image resized by a filter. `isPortable` avoids vector instructions (for tests).
    package func resized(
        width: Int, height: Int, filter: ResamplingFilter = .bicubic, isPortable: Bool = false
    ) -> PixelImage {
        precondition(width > 0 && height > 0 && self.width > 0 && self.height > 0)
        let resampler = Resampler(
            bytes, width: self.width, height: self.height, bands: bands, to: (width, height),
            filter: filter, isPortable: isPortable)
        return PixelImage(
            width: width, height: height, bands: bands, bytes: resampler.bytes(height: height))
    }
}
