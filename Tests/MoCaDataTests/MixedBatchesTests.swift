import MoCaCore
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Contrastive batches of rows of several subsets.
@Suite struct MixedBatchesTests {
    private let shapes = [
        SubsetShape(name: "a", blockRows: [3]), SubsetShape(name: "b", blockRows: [2]),
    ]

    private func stream(
        _ mixture: Mixture = .proportional, _ cursor: DataCursor? = nil,
        load: @escaping TaskBatches<SampleID>.Load = { $0 }
    ) throws -> TaskBatches<SampleID> {
        try TaskBatches(
            shapes, batchSize: 1, mixture: mixture, seed: 3, cursor: cursor, load: load)
    }

    @Test(arguments: [.proportional, .weights(["a": 9, "b": 1])] as [Mixture])
    func noSampleStandsTwiceInABatch(mixture: Mixture) throws {
        var batches = try stream(mixture)
        var counts: [SampleID: Int] = [:]
        for number in 1...30 {
            let ids = try batches.mixed(4)
            #expect(ids.count == 4 && Set(ids).count == 4)
            #expect(batches.cursor.batchCount == 4 * number)
            for id in ids { counts[id, default: 0] += 1 }
            var again = try stream(mixture, batches.cursor)
            var same = batches
            #expect(try again.mixed(5) == same.mixed(5))
        }
        #expect(counts.count == 5)
    }

    /// Where nothing comes twice, the rows are those of batches of one.
    @Test func rowsComeInTheOrderOfSingleDraws() throws {
        var (mixed, single) = (try stream(), try stream())
        #expect(try mixed.mixed(5) == (0..<5).map { _ in try single.next().items[0] })
        #expect(mixed.cursor == single.cursor)
    }

    @Test func tooFewRowsAreRefused() throws {
        var batches = try stream()
        let start = batches.cursor
        #expect(
            dataError { _ = try batches.mixed(8) }
                == .subsetTooSmall(name: "a, b", rows: 5, batchSize: 8))
        var flawed = try stream { $0.subset == "a" ? $0 : nil }
        #expect(Set(try flawed.mixed(3).map(\.subset)) == ["a"])
        #expect(
            dataError { _ = try flawed.mixed(4) } == .nothingUsable(subset: "a, b", tried: 5))
        #expect(batches.cursor == start)
    }
}
