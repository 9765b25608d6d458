// Vectors as float32 rows, and their similarities in a fixed summation order.

package import Foundation
package import MoCaEmbedding
import MoCaSystem

/// A matrix of float32 rows, memory-mapped or in memory.
///
/// A row is the embedding of one input: one vector, or in a ragged matrix one or more vectors one
/// after the other (late interaction).
package struct VectorMatrix: Sendable {
    private let bytes: Data
    /// The number of components of a vector.
    package let width: Int
    /// The index of the first vector of each row, and the number of all vectors; nil if each row is
    /// one vector.
    private let starts: [Int]?

    /// - Parameter starts: the index of the first vector of each row, and the number of all
    ///   vectors; nil if each row is one vector.
    package init(bytes: Data, width: Int, starts: [Int]? = nil) {
        (self.bytes, self.width, self.starts) = (bytes, width, starts)
    }

    /// Creates a ragged matrix in memory, with a row of one or more vectors for each embedding.
    package init(ragged embeddings: [Embedding]) {
        let values = embeddings.flatMap(\.values)
        self.init(
            bytes: values.withUnsafeBytes { Data($0) },
            width: embeddings.first?.vectorLength ?? 0,
            starts: embeddings.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.vectorCount) })
    }

    /// Creates a matrix in memory from rows of equal length.
    package init(rows: [[Float]]) {
        let values = rows.flatMap { $0 }
        self.init(bytes: values.withUnsafeBytes { Data($0) }, width: rows.first?.count ?? 0)
    }

    /// Whether rows have one or more vectors each, which are compared by the sum of maxima.
    package var isRagged: Bool { starts != nil }

    /// The number of vectors of a row.
    package func vectorCount(of row: Int) -> Int {
        starts.map { $0[row + 1] - $0[row] } ?? 1
    }

    /// The index of the first vector of each of the given rows among their vectors, and the number
    /// of all these vectors.
    package func starts(of rows: some Collection<Int>) -> [Int] {
        rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + vectorCount(of: $1)) }
    }

    private var vectorByteCount: Int { width * MemoryLayout<Float>.size }

    /// The bytes of a row.
    private func place(of row: Int) -> Range<Int> {
        let (first, end) = starts.map { ($0[row], $0[row + 1]) } ?? (row, row + 1)
        return first * vectorByteCount..<end * vectorByteCount
    }

    /// The components of a row.
    package func row(_ row: Int) -> [Float] {
        bytes.withUnsafeBytes { Array(values($0, row)) }
    }

    /// Calls `body` with the bytes of a row, which must not escape the closure.
    package func withBytes<Result>(
        ofRow row: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(values($0, row))) }
    }

    /// The components of rows, concatenated.
    package func values(of rows: some RandomAccessCollection<Int>) -> [Float] {
        let rows = Array(rows)
        let starts = starts(of: rows)
        let total = starts[rows.count] * width
        return [Float](unsafeUninitializedCapacity: total) { target, count in
            let all = UnsafeMutableRawBufferPointer(target)
            bytes.withUnsafeBytes { bytes in
                parallelForEachChunk(of: rows.count) { part in
                    for number in part {
                        let source = place(of: rows[number])
                        let first = starts[number] * vectorByteCount
                        all[first..<first + source.count].copyBytes(from: bytes[source])
                    }
                }
            }
            count = total
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
        let part = place(of: first).lowerBound..<place(of: first + rows.count - 1).upperBound
        return try bytes.withUnsafeBytes { bytes in
            try body(
                UnsafeRawBufferPointer(rebasing: bytes[part]).assumingMemoryBound(to: Float.self))
        }
    }

    /// The Euclidean norms of vectors; not finite if a component of the vector is not.
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

    /// The similarities of one row with others: dot products, or with several vectors the sum over
    /// the query's vectors of the greatest dot product with one of the other row's
    /// (`Embedding.similarity`). The summation order is fixed: equal rows have equal scores, so that
    /// ties are exact.
    package func scores(of query: Int, with others: [Int]) -> [Float] {
        guard isRagged else {
            return bytes.withUnsafeBytes { bytes in
                let query = values(bytes, query)
                return others.map { Self.dot(query, values(bytes, $0)) }
            }
        }
        return [Float](unsafeUninitializedCapacity: others.count) { target, count in
            let scores = target
            parallelForEachChunk(of: others.count) { part in
                for index in part { scores[index] = score(of: query, with: others[index]) }
            }
            count = others.count
        }
    }

    /// The similarity of a row with a row of this or another matrix, as in `scores`.
    package func score(of query: Int, with other: Int, in matrix: VectorMatrix? = nil) -> Float {
        let matrix = matrix ?? self
        return bytes.withUnsafeBytes { ours in
            matrix.bytes.withUnsafeBytes { theirs in
                let (query, other) = (values(ours, query), matrix.values(theirs, other))
                return isRagged
                    ? Self.maxSimilarity(query, other, width: width) : Self.dot(query, other)
            }
        }
    }

    private func values(_ bytes: UnsafeRawBufferPointer, _ row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeRawBufferPointer(rebasing: bytes[place(of: row)])
            .assumingMemoryBound(to: Float.self)
    }

    /// The sum over the query's vectors of the greatest dot product with one of the document's
    /// (ColBERT, arXiv 2004.12832, eq. 3); NaN if a product is.
    private static func maxSimilarity(
        _ query: UnsafeBufferPointer<Float>, _ document: UnsafeBufferPointer<Float>, width: Int
    ) -> Float {
        stride(from: 0, to: query.count, by: width).reduce(0) { sum, first in
            let vector = UnsafeBufferPointer(rebasing: query[first..<first + width])
            var best = -Float.infinity
            for other in stride(from: 0, to: document.count, by: width) {
                let product = dot(
                    vector, UnsafeBufferPointer(rebasing: document[other..<other + width]))
                // A NaN is kept: nothing is greater.
                if product > best || product.isNaN { best = product }
            }
            return sum + best
        }
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
