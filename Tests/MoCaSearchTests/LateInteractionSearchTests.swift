import Foundation
import MoCaCore
import MoCaEmbedding
import Testing
@testable import MoCaSearch
@testable import MoCaVectors

/// Sums of maxima: rankings and bits are those of the plain loop, whatever the blocks.
struct LateInteractionSearchTests {
    private static let width = 24

    private static func embedding(_ count: Int, _ random: inout RandomSource) -> Embedding {
        Embedding((0..<count * width).map { _ in random.uniform() - 0.5 }, vectorCount: count)
    }

    /// Embeddings of 1 to `longest` vectors.
    private static func embeddings(_ count: Int, longest: Int, seed: UInt64) -> [Embedding] {
        var random = RandomSource(seed: seed)
        return (0..<count).map { _ in
            embedding(Int.random(in: 1...longest, using: &random), &random)
        }
    }

    private let queries = Self.embeddings(9, longest: 7, seed: 1)
    private let documents = Self.embeddings(300, longest: 40, seed: 2)

    private struct Plain: Equatable {
        var best: [Int]
        var scores: [UInt32]
        var marked: [UInt32]
        var place: ExactSearch.Place?
    }

    private func found(
        _ documents: [Embedding], marked: [[Int]], count: Int, blocks: (Int, Int),
        isOneMatrix: Bool
    ) throws -> [Plain] {
        let rows = documents.indices.map { (isOneMatrix ? queries.count : 0) + $0 }
        var search =
            isOneMatrix
            ? ExactSearch(matrix: VectorMatrix(ragged: queries + documents), documents: rows)
            : ExactSearch(
                matrix: VectorMatrix(ragged: documents), documents: rows,
                queries: VectorMatrix(ragged: queries))
        (search.queryBlock, search.documentBlock) = blocks
        var found: [Plain] = []
        let asked = queries.indices.map { ExactSearch.Query(row: $0, marked: marked[$0]) }
        try search.forEach(asked, count: count, willCompute: {}) { _, one in
            found.append(
                Plain(
                    best: one.best.map(\.row), scores: one.best.map(\.score.bitPattern),
                    marked: one.marked.map(\.bitPattern), place: one.place))
        }
        return found
    }

    private func plain(_ documents: [Embedding], marked: [[Int]], count: Int) -> [Plain] {
        zip(queries, marked).map { query, marked in
            let all = documents.map { document -> Float in
                (0..<query.vectorCount).reduce(0) { sum, one in
                    let products = (0..<document.vectorCount).map {
                        VectorMatrix.dot(Array(query[one]), Array(document[$0]))
                    }
                    return sum + (products.max() ?? 0)
                }
            }
            let order = all.indices.sorted { (all[$0], $1) > (all[$1], $0) }
            let first = order.firstIndex(where: marked.contains)
            return Plain(
                best: Array(order.prefix(count)),
                scores: order.prefix(count).map { all[$0].bitPattern },
                marked: marked.map { all[$0].bitPattern },
                place: first.map { first in
                    .init(
                        rank: first + 1,
                        isTied: all.count { $0 == all[order[first]] } > 1)
                })
        }
    }

    private func check(_ documents: [Embedding]) throws {
        var random = RandomSource(seed: 3)
        let marked = queries.indices.map { number in
            (0..<number % 4).map { _ in Int.random(in: documents.indices, using: &random) }
        }
        for count in [1, 10, 400] {
            let plain = plain(documents, marked: marked, count: count)
            // A block of less than one embedding holds one.
            for blocks in [(1, 1), (10, 50), (64, 1000), (10_000, 100_000)] {
                for isOneMatrix in [true, false] {
                    let found = try found(
                        documents, marked: marked, count: count, blocks: blocks,
                        isOneMatrix: isOneMatrix)
                    #expect(found == plain, "\(count), blocks \(blocks)")
                }
            }
        }
    }

    @Test func randomVectors() throws {
        try check(documents)
    }

    @Test func duplicates() throws {
        try check((0..<200).map { documents[$0 * 7 % 10] })
    }

    /// Last bits differ: more documents are within rounding of each other than candidates are kept.
    @Test func nearTies() throws {
        var random = RandomSource(seed: 5)
        let base = documents[3]
        try check(
            (0..<300).map { _ in
                Embedding(
                    base.values.map { Bool.random(using: &random) ? $0.nextUp : $0 },
                    vectorCount: base.vectorCount)
            })
    }

    @Test func scoresAreThoseOfEmbeddings() {
        let matrix = VectorMatrix(ragged: queries + documents)
        #expect(matrix.row(2) == queries[2].values)
        #expect(matrix.vectorCount(of: queries.count + 5) == documents[5].vectorCount)
        #expect(matrix.values(of: [4, 1]) == queries[4].values + queries[1].values)
        #expect(matrix.starts(of: [0, 1]).last == queries[0].vectorCount + queries[1].vectorCount)
        let rows = documents.indices.map { queries.count + $0 }
        for (number, query) in queries.enumerated() {
            let scores = matrix.scores(of: number, with: rows)
            for (score, document) in zip(scores, documents) {
                #expect(abs(score - query.similarity(to: document)) < 1e-4)
            }
        }
    }

    @Test func whatIsNotFiniteIsNamed() throws {
        var values = documents[30].values
        values[values.count - 1] = .nan
        var damaged = documents
        damaged[30] = Embedding(values, vectorCount: documents[30].vectorCount)
        let search = ExactSearch(
            matrix: VectorMatrix(ragged: damaged), documents: Array(10..<50),
            queries: VectorMatrix(ragged: queries))
        #expect(throws: SearchError.scoreNotFinite(query: 0, document: 20)) {
            try search.forEach([.init(row: 0)], count: 3, willCompute: {}) { _, _ in }
        }
        #expect(VectorMatrix(ragged: [queries[0], damaged[30]]).score(of: 0, with: 1).isNaN)
    }

    /// The bound covers sums of many maxima, and is that of one product for one vector.
    @Test func theBoundGrowsWithTheNumberOfVectors() {
        let one = RoundingBound(width: 128, lengths: 20)
        let many = RoundingBound(width: 128, lengths: 20, vectorCount: 20)
        #expect(RoundingBound(width: 128, lengths: 20, vectorCount: 1).slack == one.slack)
        #expect(many.slack > one.slack && many.slack < 1.2 * one.slack)
    }
}
