// Finds the nearest documents of many queries: exactly those of a plain loop over dot products, at
// the speed of matrix products, without the full score matrix.
//
// Q queries and C documents of a block, D components of a vector.

import MoCaSystem
package import MoCaVectors
package import Torch

/// Exact search among rows of a matrix of vectors.
///
/// Each block of queries is multiplied by each block of documents. The summation order of a matrix
/// product depends on its shape and library, so its scores only preselect: every document that
/// could be among the best within the rounding error is rescored with `VectorMatrix`'s dot product.
/// Ranking, ties and score bits therefore equal those of the plain loop, independent of block sizes
/// and the number of threads. The blocks bound the memory in use.
package struct ExactSearch: Sendable {
    /// The approximate number of neighbours held while a block is searched.
    private static let neighbourCountMax = 1 << 22

    package let matrix: VectorMatrix
    /// The matrix's row of each document.
    package let documents: [Int]
    package let device: Device
    /// The number of documents in a block.
    package var documentBlock = 4096
    /// The maximum number of queries in a block.
    package var queryBlock = 1024

    /// - Parameter documents: the matrix's row of each document; of documents with equal scores the
    ///   first ranks higher.
    package init(matrix: VectorMatrix, documents: [Int], device: Device = .cpu) {
        (self.matrix, self.documents, self.device) = (matrix, documents, device)
    }

    /// A query.
    package struct Query: Sendable {
        /// The matrix's row of the query.
        package let row: Int
        /// Documents whose scores are reported at any rank, as indices in `documents`.
        package let marked: [Int]

        package init(row: Int, marked: [Int] = []) {
            (self.row, self.marked) = (row, marked)
        }
    }

    /// The search result of one query.
    package struct Found: Sendable {
        /// Indices in `documents` with their scores, best first.
        package let best: [TopK.Row]
        /// The scores of the marked documents, in their order.
        package let marked: [Float]
        /// The rank of the best marked document; nil if none is marked.
        package let place: Place?
    }

    /// The rank of a document among all documents.
    package struct Place: Sendable, Hashable {
        /// The rank, from 1.
        package let rank: Int
        /// Whether another document has the same score.
        package let isTied: Bool
    }

    /// Calls `body` with each query's index and result, in order.
    ///
    /// - Parameters:
    ///   - count: the number of documents in `best`.
    ///   - willCompute: called before each block; an error that it throws ends the search.
    /// - Throws: `SearchError.scoreNotFinite`, `TorchError`, errors of the closures.
    package func forEach(
        _ queries: [Query], count: Int, willCompute: () throws -> Void,
        _ body: (Int, Found) throws -> Void
    ) throws {
        let block = min(queryBlock, max(16, Self.neighbourCountMax / max(1, count)))
        for start in stride(from: 0, to: queries.count, by: block) {
            let numbers = start..<min(start + block, queries.count)
            var states = try states(of: queries, numbers, count: count)
            try search(&states, numbers, willCompute)
            for number in numbers {
                try body(number, states[number - start].found(matrix, documents))
            }
        }
    }

    private func states(
        of queries: [Query], _ numbers: Range<Int>, count: Int
    ) throws -> [QuerySearch] {
        try numbers.map { number in
            let query = queries[number]
            let scores = matrix.scores(of: query.row, with: query.marked.map { documents[$0] })
            if let bad = scores.firstIndex(where: { !$0.isFinite }) {
                throw SearchError.scoreNotFinite(query: number, document: query.marked[bad])
            }
            return QuerySearch(query, scores: scores, count: count)
        }
    }

    private func search(
        _ states: inout [QuerySearch], _ numbers: Range<Int>, _ willCompute: () throws -> Void
    ) throws {
        let values = matrix.values(of: states.map(\.row))
        let lengths = values.withUnsafeBufferPointer {
            VectorMatrix.norms(of: $0, width: matrix.width)
        }
        let left = try catchingTorchErrors {
            Tensor(values, shape: [states.count, matrix.width], on: device)  // [Q, D]
        }
        for start in stride(from: 0, to: documents.count, by: documentBlock) {
            try willCompute()
            let block = start..<min(start + documentBlock, documents.count)
            let (scores, longest) = try products(left, block, query: numbers.lowerBound)
            try scores.withBytes { bytes in
                try scan(
                    bytes.assumingMemoryBound(to: Float.self), of: block, &states,
                    lengths: lengths.map { $0 * longest }, first: numbers.lowerBound)
            }
        }
    }

    /// Adds the documents that could be among the best from scores `[Q, C]`, several queries in
    /// parallel.
    ///
    /// - Parameter first: the index of the first query.
    /// - Throws: the error of the first query that fails.
    private func scan(
        _ scores: UnsafeBufferPointer<Float>, of block: Range<Int>,
        _ states: inout [QuerySearch], lengths: [Double], first: Int
    ) throws {
        var failures = [(any Error)?](repeating: nil, count: states.count)
        let count = states.count
        states.withUnsafeMutableBufferPointer { states in
            failures.withUnsafeMutableBufferPointer { failures in
                parallelForEachChunk(of: count) { part in
                    for index in part { failures[index] = failure(index, &states[index]) }
                }
            }
        }
        func failure(_ index: Int, _ state: inout QuerySearch) -> (any Error)? {
            let row = index * block.count..<(index + 1) * block.count
            do {
                try add(
                    UnsafeBufferPointer(rebasing: scores[row]), of: block, to: &state,
                    lengths: lengths[index], query: first + index)
                return nil
            } catch {
                return error
            }
        }
        for case let failure? in failures { throw failure }
    }

    /// The scores `[Q, C]` of a block of documents, and the length of its longest vector.
    private func products(
        _ left: Tensor, _ block: Range<Int>, query: Int
    ) throws -> (scores: Tensor, longest: Double) {
        try matrix.withValues(of: documents[block]) { values in
            let lengths = VectorMatrix.norms(of: values, width: matrix.width)
            if let bad = lengths.firstIndex(where: { !$0.isFinite }) {
                throw SearchError.scoreNotFinite(query: query, document: block.lowerBound + bad)
            }
            let shape = [block.count, matrix.width]
            let scores = try catchingTorchErrors {
                withoutGradient {
                    Tensor.withBorrowed(values, shape: shape) { documents in  // [C, D]
                        left.matmul(documents.to(device).transposed(0, 1)).to(.cpu)  // [Q, C]
                    }
                }
            }
            return (scores, lengths.max() ?? 0)
        }
    }

    private func add(
        _ scores: UnsafeBufferPointer<Float>, of block: Range<Int>, to state: inout QuerySearch,
        lengths: Double, query: Int
    ) throws {
        guard lengths.isFinite else {
            throw SearchError.scoreNotFinite(query: query, document: block.lowerBound)
        }
        let bound = RoundingBound(width: matrix.width, lengths: lengths)
        guard bound.isSafe else { return try addPlainly(block, to: &state, query: query) }
        state.add(scores, from: block.lowerBound, slack: bound.slack) {
            matrix.score(of: $0, with: documents[$1])
        }
    }

    /// Scores vectors whose sums may overflow, each by the plain dot product.
    private func addPlainly(_ block: Range<Int>, to state: inout QuerySearch, query: Int) throws {
        let scores = matrix.scores(of: state.row, with: Array(documents[block]))
        if let bad = scores.firstIndex(where: { !$0.isFinite }) {
            throw SearchError.scoreNotFinite(query: query, document: block.lowerBound + bad)
        }
        scores.withUnsafeBufferPointer { scores in
            state.add(scores, from: block.lowerBound, slack: 0) {
                matrix.score(of: $0, with: documents[$1])
            }
        }
    }
}

/// A bound on the difference between two summation orders of one float32 dot product.
///
/// In any summation order, with or without fused multiply-adds, the sum is within g |x| |y| of the
/// true product, g = D u / (1 - D u), u = 2^-24 (Higham, Accuracy and Stability of Numerical
/// Algorithms, 2nd ed., eq. 3.5, and Cauchy-Schwarz); two sums are within twice that. Underflow
/// adds at most the smallest normal number per product, also where subnormal numbers are flushed to
/// zero. Half-precision modes of matrix products (TF32, bfloat16) do not satisfy this bound;
/// libtorch leaves them off by default.
struct RoundingBound {
    /// The maximum difference of the sums.
    let slack: Double
    /// Whether no partial sum can overflow.
    let isSafe: Bool

    /// - Parameter lengths: the product of the lengths of the two vectors.
    init(width: Int, lengths: Double) {
        let unit = Double(width) * 0x1p-24
        // The lengths themselves are rounded, in double precision.
        let product = lengths * 1.000_001
        slack = 2 * unit / (1 - unit) * product + Double(width) * 0x1p-125
        isSafe = unit < 0.5 && product < 0x1p126
    }
}
