import Foundation
import MoCaCore
import Testing
import Torch
@testable import MoCaSearch
@testable import MoCaVectors

/// Blocks change nothing: rankings and bits are those of the plain loop.
struct ExactSearchTests {
    /// Sizes of blocks of queries and documents.
    static let blocks = [(1, 1), (7, 7), (3, 64), (1000, 1000)]
    private static let width = 48
    private static let documentCount = 700
    private static let queryCount = 20

    private let matrix: VectorMatrix
    private let documents: [Int]
    private let queries: [ExactSearch.Query]

    init() {
        (matrix, documents, queries) = Self.problem(
            Self.vectors(count: Self.documentCount, seed: 1), seed: 2)
    }

    private static func vectors(count: Int, seed: UInt64, width: Int = width) -> [[Float]] {
        var random = RandomSource(seed: seed)
        return (0..<count).map { _ in (0..<width).map { _ in random.uniform() - 0.5 } }
    }

    /// Documents in the matrix's rows from the back, and queries that are marked with some.
    private static func problem(
        _ documents: [[Float]], seed: UInt64
    ) -> (VectorMatrix, [Int], [ExactSearch.Query]) {
        let queries = vectors(count: queryCount, seed: seed, width: documents[0].count)
        var random = RandomSource(seed: seed)
        let marked = queries.indices.map { number in
            (0..<number % 4).map { _ in Int.random(in: documents.indices, using: &random) }
        }
        return (
            VectorMatrix(rows: queries + documents),
            documents.indices.map { queries.count + documents.count - 1 - $0 },
            zip(queries.indices, marked).map { .init(row: $0, marked: $1) }
        )
    }

    /// One query's row of all scores, sorted.
    private struct Plain: Equatable {
        var best: [Int]
        var scores: [UInt32]
        var marked: [UInt32]
        var place: ExactSearch.Place?

        init(_ found: ExactSearch.Found) {
            best = found.best.map(\.row)
            scores = found.best.map(\.score.bitPattern)
            marked = found.marked.map(\.bitPattern)
            place = found.place
        }

        init(_ query: ExactSearch.Query, _ matrix: VectorMatrix, _ documents: [Int], count: Int) {
            let all = documents.map {
                VectorMatrix.dot(matrix.row(query.row), matrix.row($0))
            }
            let order = all.indices.sorted { (all[$0], $1) > (all[$1], $0) }
            best = Array(order.prefix(count))
            scores = best.map { all[$0].bitPattern }
            marked = query.marked.map { all[$0].bitPattern }
            if let first = order.firstIndex(where: query.marked.contains) {
                let score = all[order[first]]
                place = .init(rank: first + 1, isTied: all.count { $0 == score } > 1)
            }
        }
    }

    private func check(
        _ matrix: VectorMatrix, _ documents: [Int], _ queries: [ExactSearch.Query],
        counts: [Int] = [1, 10, 101, 2000]
    ) throws {
        for count in counts {
            let plain = queries.map { Plain($0, matrix, documents, count: count) }
            for (queryBlock, documentBlock) in Self.blocks {
                var search = ExactSearch(matrix: matrix, documents: documents)
                (search.queryBlock, search.documentBlock) = (queryBlock, documentBlock)
                var found: [Plain] = []
                try search.forEach(queries, count: count, willCompute: {}) { number, one in
                    #expect(number == found.count)
                    found.append(Plain(one))
                }
                #expect(found == plain, "\(count) of blocks \(queryBlock), \(documentBlock)")
            }
        }
    }

    @Test func randomVectors() throws {
        try check(matrix, documents, queries)
        #expect(queries.contains { $0.marked.isEmpty })
    }

    @Test(arguments: [1, 5, 17, 100])
    func oddWidths(_ width: Int) throws {
        let (matrix, documents, queries) = Self.problem(
            Self.vectors(count: 90, seed: 8, width: width), seed: 9)
        try check(matrix, documents, queries, counts: [10])
    }

    /// Ten vectors, seventy copies of each.
    @Test func duplicates() throws {
        let few = Self.vectors(count: 10, seed: 3)
        let (matrix, documents, queries) = Self.problem(
            (0..<Self.documentCount).map { few[($0 * 7) % 10] }, seed: 4)
        try check(matrix, documents, queries)
    }

    /// One vector with its last bits changed: more documents are within rounding of each other than
    /// candidates are kept. The control counts rankings of the matrix product that differ.
    @Test func nearTies() throws {
        var random = RandomSource(seed: 5)
        let base = Self.vectors(count: 1, seed: 6)[0]
        let near = (0..<Self.documentCount).map { _ in
            base.map { Bool.random(using: &random) ? $0.nextUp : $0 }
        }
        let (matrix, documents, queries) = Self.problem(near, seed: 7)
        try check(matrix, documents, queries)
        let left = Tensor(
            matrix.values(of: queries.map(\.row)), shape: [queries.count, Self.width])
        let right = Tensor(matrix.values(of: documents), shape: [documents.count, Self.width])
        let products: [Float] = left.matmul(right.transposed(0, 1)).array()
        let differing = queries.indices.count { query in
            let scores = products[query * documents.count..<(query + 1) * documents.count]
            let order = documents.indices.sorted {
                (scores[scores.startIndex + $0], $1) > (scores[scores.startIndex + $1], $0)
            }
            return Array(order.prefix(10))
                != Plain(queries[query], matrix, documents, count: 10).best
        }
        #expect(differing > queries.count / 2)
    }

    /// Lengths from the smallest subnormal numbers to where a product overflows.
    @Test func vectorsOfAnyLength() throws {
        let scales: [Float] = [.leastNonzeroMagnitude, 1e-38, 1e-20, 1, 1e9, 1e19, 3e37]
        let documents = Self.vectors(count: 350, seed: 11).enumerated().map { number, values in
            values.map { $0 * scales[number % scales.count] }
        }
        let (matrix, rows, queries) = Self.problem(documents, seed: 12)
        try check(matrix, rows, queries)
        let bound = RoundingBound(width: 1024, lengths: 1)
        #expect(bound.slack > 1e-4 && bound.slack < 2e-4 && bound.isSafe)
        #expect(!RoundingBound(width: 1024, lengths: 0x1p126).isSafe)
    }

    @Test func whatIsNotFiniteIsNamed() throws {
        var vectors = Self.vectors(count: 50, seed: 13)
        for bad in [Float.nan, .infinity, -.infinity] {
            vectors[30][5] = bad
            let matrix = VectorMatrix(rows: vectors)
            for block in [4, 100] {
                var search = ExactSearch(matrix: matrix, documents: Array(10..<50))
                search.documentBlock = block
                #expect(throws: SearchError.scoreNotFinite(query: 0, document: 20)) {
                    try search.forEach([.init(row: 1), .init(row: 2)], count: 3, willCompute: {}) {
                        _, _ in
                    }
                }
                search = ExactSearch(matrix: matrix, documents: Array(0..<20))
                #expect(throws: SearchError.scoreNotFinite(query: 1, document: 0)) {
                    try search.forEach([.init(row: 1), .init(row: 30)], count: 3, willCompute: {}) {
                        _, _ in
                    }
                }
            }
        }
        // Finite numbers whose product is not.
        let long = VectorMatrix(rows: [[2e38, 2e38], [1, 0], [-1, 0.5], [2, 2]])
        #expect(throws: SearchError.scoreNotFinite(query: 0, document: 2)) {
            try ExactSearch(matrix: long, documents: [1, 2, 3]).forEach(
                [.init(row: 0)], count: 1, willCompute: {}
            ) { _, _ in }
        }
    }

    @Test func itStopsBetweenBlocks() throws {
        struct Stop: Error {}
        var search = ExactSearch(matrix: matrix, documents: documents)
        (search.queryBlock, search.documentBlock) = (10, 100)
        var (asked, answered) = (0, 0)
        #expect(throws: Stop.self) {
            try search.forEach(queries, count: 5) {
                asked += 1
                if asked == 9 { throw Stop() }
            } _: { _, _ in
                answered += 1
            }
        }
        #expect(answered == 10)
    }
}
