// Vectors as float32 rows, and their dot products in a fixed summation order.

package import Foundation
import MoCaSystem

/// A matrix of float32 rows, memory-mapped or in memory.
package struct VectorMatrix: Sendable {
    private let bytes: Data
    /// The number of components of a row.
    package let width: Int

    package init(bytes: Data, width: Int) {
        (self.bytes, self.width) = (bytes, width)
    }

    /// Creates a matrix in memory from rows of equal length.
    package init(rows: [[Float]]) {
        let values = rows.flatMap { $0 }
        self.init(bytes: values.withUnsafeBytes { Data($0) }, width: rows.first?.count ?? 0)
    }

    private var rowByteCount: Int { width * MemoryLayout<Float>.size }

    /// The components of a row.
    package func row(_ row: Int) -> [Float] {
        bytes.withUnsafeBytes { Array(Self.row($0, row, width)) }
    }

    /// Calls `body` with the bytes of a row, which must not escape the closure.
    package func withBytes<Result>(
        ofRow row: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(Self.row($0, row, width))) }
    }

    /// The components of rows, concatenated.
    package func values(of rows: some RandomAccessCollection<Int>) -> [Float] {
        let rows = Array(rows)
        return [Float](unsafeUninitializedCapacity: rows.count * width) { target, count in
            let all = UnsafeMutableRawBufferPointer(target)
            bytes.withUnsafeBytes { bytes in
                parallelForEachChunk(of: rows.count) { part in
                    for number in part {
                        let place = number * rowByteCount
                        let row = rows[number] * rowByteCount
                        all[place..<place + rowByteCount].copyBytes(
                            from: bytes[row..<row + rowByteCount])
                    }
                }
            }
            count = rows.count * width
        }
    }

    /// Calls `body` with the components of rows, which are copied only if the rows are not
    /// contiguous.
    package func withValues<Result>(
        of rows: some RandomAccessCollection<Int>,
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        guard let first = rows.first, zip(rows, first...).allSatisfy(==) else {
            return try values(of: rows).withUnsafeBufferPointer(body)
        }
        let part = first * rowByteCount..<(first + rows.count) * rowByteCount
        return try bytes.withUnsafeBytes { bytes in
            try body(
                UnsafeRawBufferPointer(rebasing: bytes[part]).assumingMemoryBound(to: Float.self))
        }
    }

    /// The Euclidean norms of rows; not finite if a component of the row is not.
    ///
    /// Sums are in double precision, so norms of finite components do not overflow.
    package static func norms(of values: UnsafeBufferPointer<Float>, width: Int) -> [Double] {
        guard width > 0 else { return [] }
        let count = values.count / width
        return [Double](unsafeUninitializedCapacity: count) { target, initialized in
            let lengths = target
            parallelForEachChunk(of: count) { part in
                for row in part {
                    lengths[row] = norm(
                        UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width]))
                }
            }
            initialized = count
        }
    }

    private static func norm(_ values: UnsafeBufferPointer<Float>) -> Double {
        let bytes = UnsafeRawBufferPointer(values)
        var sums = SIMD8<Double>()
        let blocks = values.count / 8
        for block in 0..<blocks {
            let numbers = SIMD8<Double>(read(bytes, block * 32))
            sums += numbers * numbers
        }
        var sum = sums.sum()
        for index in blocks * 8..<values.count {
            sum += Double(values[index]) * Double(values[index])
        }
        return sum.squareRoot()
    }

    /// The dot products of one row with others. The summation order is fixed: equal rows have equal
    /// scores, so that ties are exact.
    package func scores(of query: Int, with others: [Int]) -> [Float] {
        bytes.withUnsafeBytes { bytes in
            let query = Self.row(bytes, query, width)
            return others.map { Self.dot(query, Self.row(bytes, $0, width)) }
        }
    }

    /// The dot product of two rows, as in `scores`.
    package func score(of query: Int, with other: Int) -> Float {
        bytes.withUnsafeBytes {
            Self.dot(Self.row($0, query, width), Self.row($0, other, width))
        }
    }

    private static func row(
        _ bytes: UnsafeRawBufferPointer, _ row: Int, _ width: Int
    ) -> UnsafeBufferPointer<Float> {
        let size = width * MemoryLayout<Float>.size
        return UnsafeRawBufferPointer(rebasing: bytes[row * size..<(row + 1) * size])
            .assumingMemoryBound(to: Float.self)
    }

    /// The dot product of two vectors, summed as in `scores`.
    package static func dot(_ x: [Float], _ y: [Float]) -> Float {
        x.withUnsafeBufferPointer { x in y.withUnsafeBufferPointer { y in dot(x, y) } }
    }

    private static func dot(
        _ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>
    ) -> Float {
        let (xs, ys) = (UnsafeRawBufferPointer(x), UnsafeRawBufferPointer(y))
        var (first, second) = (SIMD8<Float>(), SIMD8<Float>())
        let blocks = x.count / 16
        for block in 0..<blocks {
            let place = block * 64
            first += read(xs, place) * read(ys, place)
            second += read(xs, place + 32) * read(ys, place + 32)
        }
        var sum = (first + second).sum()
        for index in blocks * 16..<x.count { sum += x[index] * y[index] }
        return sum
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> SIMD8<Float> {
        bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self)
    }
}
