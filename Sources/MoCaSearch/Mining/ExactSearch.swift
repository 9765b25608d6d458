// The nearest documents of many queries, exactly, without the whole matrix of scores.
//
// Q queries and C documents of a block, D numbers of a vector.

import MoCaEmbedding
import Torch

/// Rows of a matrix of vectors as documents to search in.
struct ExactSearch {
    /// Neighbours that are kept while a block is searched, about.
    private static let neighbourCountMax = 1 << 22

    let matrix: VectorMatrix
    /// The matrix's row of each document.
    let documents: [Int]
    let device: Device
    /// Documents of a block.
    var documentBlock = 8192
    /// Queries of a block, at most.
    var queryBlock = 1024

    /// Calls `body` with each query's number and its `count` nearest documents, the best first; of
    /// equal scores the document that comes first.
    ///
    /// - Parameters:
    ///   - queries: the matrix's row of each query.
    ///   - willCompute: called before each block; what it throws ends the search.
    /// - Throws: `TorchError`, what the closures throw.
    func forEach(
        _ queries: [Int], count: Int, willCompute: () throws -> Void,
        _ body: (Int, [BestRows.Row]) throws -> Void
    ) throws {
        let block = min(queryBlock, max(16, Self.neighbourCountMax / max(1, count)))
        for start in stride(from: 0, to: queries.count, by: block) {
            let numbers = start..<min(start + block, queries.count)
            let best = try nearest(Array(queries[numbers]), count: count, willCompute)
            for (number, rows) in zip(numbers, best) { try body(number, rows) }
        }
    }

    private func nearest(
        _ queries: [Int], count: Int, _ willCompute: () throws -> Void
    ) throws -> [[BestRows.Row]] {
        let left = try catchingTorchErrors { tensor(queries) }  // [Q, D]
        var best = [BestRows](repeating: BestRows(count: count), count: queries.count)
        for start in stride(from: 0, to: documents.count, by: documentBlock) {
            try willCompute()
            let block = start..<min(start + documentBlock, documents.count)
            let scores: [Float] = try catchingTorchErrors {
                withoutGradient {
                    let right = tensor(Array(documents[block]))  // [C, D]
                    return left.matmul(right.transposed(0, 1)).array()  // [Q, C]
                }
            }
            scores.withUnsafeBufferPointer { scores in
                for query in queries.indices {
                    let row = scores[query * block.count..<(query + 1) * block.count]
                    best[query].add(contentsOf: row, from: start)
                }
            }
        }
        return best.indices.map { best[$0].sorted() }
    }

    private func tensor(_ rows: [Int]) -> Tensor {
        Tensor(matrix.values(of: rows), shape: [rows.count, matrix.width]).to(device)
    }
}

extension BestRows {
    /// Adds rows that follow each other, the first being `start`.
    mutating func add(contentsOf scores: Slice<UnsafeBufferPointer<Float>>, from start: Int) {
        for (offset, score) in scores.enumerated() { add(start + offset, score) }
    }
}
