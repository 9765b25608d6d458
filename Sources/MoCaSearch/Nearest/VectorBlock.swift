// Rows of a matrix that are multiplied together, and the scores of two such blocks.
//
// Q queries and C documents with V vectors each block, D components of a vector.

import MoCaSystem
import MoCaVectors

/// Where the vectors of a block's rows are, and how long they are.
struct VectorBlock {
    /// The index of the first vector of each row, and the number of all vectors.
    let starts: [Int]
    /// The Euclidean norm of each vector; not finite if a component is not.
    let norms: [Double]

    /// - Parameter values: the components of the rows, `[V, D]`.
    init(
        _ values: UnsafeBufferPointer<Float>, of rows: some Collection<Int>,
        in matrix: VectorMatrix
    ) {
        starts = matrix.starts(of: rows)
        norms = VectorMatrix.norms(of: values, width: matrix.width)
    }

    /// The number of rows.
    var count: Int { starts.count - 1 }
    /// The number of vectors, V.
    var vectorCount: Int { starts[count] }

    /// The number of vectors of a row.
    func vectorCount(of row: Int) -> Int { starts[row + 1] - starts[row] }

    /// The sum of the norms of a row's vectors.
    func norm(of row: Int) -> Double { norms[starts[row]..<starts[row + 1]].reduce(0, +) }

    /// The first row with a vector whose norm is not finite.
    var firstNotFinite: Int? {
        norms.firstIndex { !$0.isFinite }.flatMap { bad in starts.lastIndex { $0 <= bad } }
    }
}

/// Sums of maxima: the score of a query and a document is the sum over the query's vectors of the
/// greatest product with one of the document's (ColBERT, arXiv 2004.12832, eq. 3).
struct MaxSimilarity {
    let queries: VectorBlock
    let documents: VectorBlock

    /// The scores `[Q, C]` of products `[V of queries, V of documents]`, several queries in
    /// parallel.
    func callAsFunction(_ products: UnsafeBufferPointer<Float>) -> [Float] {
        let columns = documents.vectorCount
        let total = queries.count * documents.count
        return [Float](unsafeUninitializedCapacity: total) { target, count in
            let scores = target
            parallelForEachChunk(of: queries.count) { part in
                for query in part {
                    let first = query * documents.count
                    let row = UnsafeMutableBufferPointer(
                        rebasing: scores[first..<first + documents.count])
                    row.initialize(repeating: 0)
                    for vector in queries.starts[query]..<queries.starts[query + 1] {
                        let products = products[vector * columns..<(vector + 1) * columns]
                        add(UnsafeBufferPointer(rebasing: products), to: row)
                    }
                }
            }
            count = total
        }
    }

    /// Adds the greatest product of each document to its score.
    private func add(
        _ products: UnsafeBufferPointer<Float>, to scores: UnsafeMutableBufferPointer<Float>
    ) {
        for document in scores.indices {
            scores[document] += Self.maximum(
                products, documents.starts[document]..<documents.starts[document + 1])
        }
    }

    /// The maximum of some of the values, which are finite.
    private static func maximum(_ values: UnsafeBufferPointer<Float>, _ part: Range<Int>) -> Float {
        let bytes = UnsafeRawBufferPointer(values)
        var best = SIMD16<Float>(repeating: -.infinity)
        let blocks = part.count / 16
        for block in 0..<blocks {
            let next = bytes.loadUnaligned(
                fromByteOffset: (part.lowerBound + block * 16) * MemoryLayout<Float>.size,
                as: SIMD16<Float>.self)
            best = best.replacing(with: next, where: next .> best)
        }
        var maximum = best.max()
        for index in part.lowerBound + blocks * 16..<part.upperBound {
            maximum = max(maximum, values[index])
        }
        return maximum
    }
}
