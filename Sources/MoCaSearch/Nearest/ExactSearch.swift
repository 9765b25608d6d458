// Finds the nearest documents of many queries: exactly those of a plain loop over similarities, at
// the speed of matrix products, without the full score matrix.
//
// Q queries and C documents of a block, V vectors of a block's queries or documents, D components
// of a vector.

import MoCaCore
import MoCaSystem
package import MoCaVectors
package import Torch

/// Exact search among rows of a matrix of vectors.
///
/// Each block of queries is multiplied by each block of documents. The summation order of a matrix
/// product depends on its shape and library, so its scores only preselect: every document that
/// could be among the best within the rounding error is rescored by `VectorMatrix.score`. Ranking,
/// ties and score bits therefore equal those of the plain loop, independent of block sizes and the
/// number of threads. The blocks bound the memory in use.
///
/// Rows of a ragged matrix are compared by the sum of maxima (late interaction), a query's vectors
/// with a document's.
package struct ExactSearch: Sendable {
    /// The approximate number of neighbours held while a block is searched.
    private static let neighbourCountMax = 1 << 22

    /// The vectors of the documents.
    package let matrix: VectorMatrix
    /// The vectors of the queries.
    private let queryMatrix: VectorMatrix
    /// The matrix's row of each document.
    package let documents: [Int]
    package let device: Device
    /// The maximum number of vectors of the documents in a block, exceeded only by one document.
    package var documentBlock = 4096
    /// The maximum number of vectors of the queries in a block, exceeded only by one query.
    package var queryBlock = 1024

    /// - Parameters:
    ///   - documents: the matrix's row of each document; of documents with equal scores the first
    ///     ranks higher.
    ///   - queries: the vectors of the queries; nil if they are in `matrix`.
    package init(
        matrix: VectorMatrix, documents: [Int], queries: VectorMatrix? = nil, device: Device = .cpu
    ) {
        let queries = queries ?? matrix
        precondition(
            queries.isRagged == matrix.isRagged && queries.width == matrix.width,
            "vectors of two kinds")
        (self.matrix, self.documents, self.device) = (matrix, documents, device)
        queryMatrix = queries
    }

    /// The score of a query's row with a document, summed in the fixed order.
    func score(_ row: Int, _ document: Int) -> Float {
        queryMatrix.score(of: row, with: documents[document], in: matrix)
    }

    /// A query.
    package struct Query: Sendable {
        /// The row of the query among the vectors of queries.
        package let row: Int
        /// Documents whose scores are reported at any rank, as indices in `documents`.
        package let marked: [Int]
        /// A document that is left out, as an index in `documents`; it must not be marked.
        package let excluded: Int?

        package init(row: Int, marked: [Int] = [], excluded: Int? = nil) {
            self.row = row
            self.marked = marked
            self.excluded = excluded
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
        let counts = queries.map { queryMatrix.vectorCount(of: $0.row) }
        let blocks = documentBlocks
        for numbers in Self.blocks(of: counts, vectors: queryBlock, count: block) {
            var states = try states(of: queries, numbers, count: count)
            try search(&states, numbers, blocks, willCompute)
            for number in numbers {
                try body(number, states[number - numbers.lowerBound].found(score))
            }
        }
    }

    /// The blocks of documents.
    private var documentBlocks: [Range<Int>] {
        Self.blocks(
            of: documents.map(matrix.vectorCount), vectors: documentBlock, count: documentBlock)
    }

    /// Cuts a list of vector counts into ranges of at most `count` rows within a budget of vectors.
    private static func blocks(
        of vectorCounts: [Int], vectors budget: Int, count: Int
    ) -> [Range<Int>] {
        TokenBudget(budget).ranges(of: vectorCounts).flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: count).map {
                $0..<min($0 + count, range.upperBound)
            }
        }
    }

    private func states(
        of queries: [Query], _ numbers: Range<Int>, count: Int
    ) throws -> [QuerySearch] {
        try numbers.map { number in
            let query = queries[number]
            let scores = query.marked.map { score(query.row, $0) }
            if let bad = scores.firstIndex(where: { !$0.isFinite }) {
                throw SearchError.scoreNotFinite(query: number, document: query.marked[bad])
            }
            return QuerySearch(query, scores: scores, count: count)
        }
    }

    private func search(
        _ states: inout [QuerySearch], _ numbers: Range<Int>, _ blocks: [Range<Int>],
        _ willCompute: () throws -> Void
    ) throws {
        let rows = states.map(\.row)
        let values = queryMatrix.values(of: rows)
        let queries = values.withUnsafeBufferPointer {
            VectorBlock($0, of: rows, in: queryMatrix)
        }
        let left = try catchingTorchErrors {
            Tensor(values, shape: [queries.vectorCount, matrix.width], on: device)  // [V, D]
        }
        for block in blocks {
            try willCompute()
            let (products, documents) = try products(left, block, query: numbers.lowerBound)
            let longest = documents.norms.max() ?? 0
            let bounds = (0..<queries.count).map { row in
                RoundingBound(
                    width: matrix.width, lengths: queries.norm(of: row) * longest,
                    vectorCount: queries.vectorCount(of: row))
            }
            try products.withBytes { bytes in
                let products = bytes.assumingMemoryBound(to: Float.self)
                guard matrix.isRagged else {
                    return try scan(products, of: block, &states, bounds, first: numbers.lowerBound)
                }
                let scores = MaxSimilarity(queries: queries, documents: documents)(products)
                try scores.withUnsafeBufferPointer {
                    try scan($0, of: block, &states, bounds, first: numbers.lowerBound)
                }
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
        _ states: inout [QuerySearch], _ bounds: [RoundingBound], first: Int
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
                    within: bounds[index], query: first + index)
                return nil
            } catch {
                return error
            }
        }
        for case let failure? in failures { throw failure }
    }

    /// The products `[V of queries, V of documents]` of a block of documents, and its vectors.
    private func products(
        _ left: Tensor, _ block: Range<Int>, query: Int
    ) throws -> (products: Tensor, documents: VectorBlock) {
        let rows = documents[block]
        return try matrix.withValues(of: rows) { values in
            let found = VectorBlock(values, of: rows, in: matrix)
            if let bad = found.firstNotFinite {
                throw SearchError.scoreNotFinite(query: query, document: block.lowerBound + bad)
            }
            let shape = [found.vectorCount, matrix.width]
            let products = try catchingTorchErrors {
                withoutGradient {
                    Tensor.withBorrowed(values, shape: shape) { documents in  // [V, D]
                        left.matmul(documents.to(device).transposed(0, 1)).to(.cpu)  // [V, V]
                    }
                }
            }
            return (products, found)
        }
    }

    private func add(
        _ scores: UnsafeBufferPointer<Float>, of block: Range<Int>, to state: inout QuerySearch,
        within bound: RoundingBound, query: Int
    ) throws {
        guard bound.isFinite else {
            throw SearchError.scoreNotFinite(query: query, document: block.lowerBound)
        }
        guard bound.isSafe else { return try addPlainly(block, to: &state, query: query) }
        state.add(scores, from: block.lowerBound, slack: bound.slack, score)
    }

    /// Scores vectors whose sums may overflow, each by the plain similarity.
    private func addPlainly(_ block: Range<Int>, to state: inout QuerySearch, query: Int) throws {
        let scores = block.map { score(state.row, $0) }
        if let bad = scores.firstIndex(where: { !$0.isFinite }) {
            throw SearchError.scoreNotFinite(query: query, document: block.lowerBound + bad)
        }
        scores.withUnsafeBufferPointer { scores in
            state.add(scores, from: block.lowerBound, slack: 0, score)
        }
    }
}
