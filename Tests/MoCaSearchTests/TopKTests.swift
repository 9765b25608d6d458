import Testing
@testable import MoCaSearch

/// The best rows are those of a full sort.
struct TopKTests {
    @Test(arguments: [0, 1, 3, 10, 200])
    func equalsAFullSort(_ count: Int) {
        // Few values, so that ties are many.
        let scores = (0..<150).map { Float(($0 * 7919) % 13) }
        var best = TopK(count: count)
        for (row, score) in scores.enumerated() { best.add(row, score) }
        let sorted = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        #expect(best.sorted().map(\.row) == Array(sorted.prefix(count)))
    }
}
