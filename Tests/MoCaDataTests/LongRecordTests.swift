import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Records with images inside: blocks that no cache has room for.
@Suite struct LongRecordTests {
    private func write(_ count: Int, padding: Int, to url: URL) throws {
        let pad = String(repeating: "x", count: padding)
        let lines = (0..<count).map { row in
            "{\"text\": \"\(row)\", \"pad\": \"\(pad)\"}\n" + (row % 7 == 0 ? " \n" : "")
        }
        try Data(("\u{feff}" + lines.joined()).utf8).write(to: url)
    }

    /// A block of long lines is kept as their places; every row of an epoch in seconds.
    @Test func blocksOfLongLinesAreKeptAsPlaces() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.jsonl")
            try write(3000, padding: 5000, to: url)
            let file = try JSONLinesFile(url)
            #expect(file.blockRows == [1024, 1024, 952])
            let batches = try file.batches(ofBlock: 0, columns: [])
            #expect(batches.reduce(0) { $0 + $1.byteCount } < 1 << 16)
            var rows: [Row] = []
            try file.forEachBatch(ofBlock: 0, columns: [], batchRows: 64) { batch in
                rows += try (0..<batch.count).map(batch.row)
            }
            for row in 0..<1024 {
                let found = try batches[0].row(row)
                #expect(try found.cell("text") == .string("\(row)"))
                #expect(found.location == rows[row].location)
            }
            let catalog = try Catalog<PretrainSample>(
                folders: [folder], images: ImageStore(root: folder), cacheByteCount: 1 << 17)
            let order = RowOrder(catalog.shapes[0], windowBlocks: 16, seed: 1, epoch: 0)
            let name = catalog.subsets[0].name
            let results = inParallel(3000) { position in
                try catalog.sample(SampleID(subset: name, row: order[position])).content
                    == .text("\(order[position])")
            }
            #expect(results.allSatisfy { if case .success(true) = $0 { true } else { false } })
        }
    }

    @Test func shortLinesStayInMemory() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.jsonl")
            try write(1024, padding: 10, to: url)
            let file = try JSONLinesFile(url)
            let size = try RandomAccessFile(url.path).byteCount()
            #expect(file.byteCount(ofBlock: 0, columns: []) == size)
            #expect(try file.batches(ofBlock: 0, columns: [])[0].byteCount == size)
        }
    }

    /// As many row groups are shuffled together as their share of the cache has room for.
    @Test func windowsFitTheCache() throws {
        let folders = [fixture("contrastive"), fixture("contrastive/plain.parquet")]
        func windows(_ cacheByteCount: Int) throws -> [Int] {
            try Catalog<ContrastiveSample>(
                folders: folders, images: ImageStore(root: fixtures),
                cacheByteCount: cacheByteCount
            ).shapes.map { $0.windowBlocks(16) }
        }
        #expect(try windows(512 << 20) == [16, 16])
        #expect(try windows(1) == [1, 1])
        let file = try TableFile(fixture("contrastive/plain.parquet"))
        let columns = ContrastiveRecord.columns
        let largest =
            try file.blockRows.indices.map {
                try file.byteCount(ofBlock: $0, columns: columns)
            }.max() ?? 0
        #expect(largest > 100)
        #expect(try file.byteCount(ofBlock: 0, columns: ["qry"]) < largest)
        #expect(try windows(2 * 3 * largest)[1] == 3)
        let shape = SubsetShape(name: "s", blockRows: [4, 4, 4, 4], windowBlocksMax: 1)
        let order = RowOrder(shape, windowBlocks: 16, seed: 1, epoch: 0)
        for window in 0..<4 {
            let rows = (0..<4).map { order[4 * window + $0] / 4 }
            #expect(Set(rows).count == 1)
        }
        // Another window is another order, so a cursor does not go on with it.
        let plain = SubsetShape(name: "s", blockRows: [4, 4, 4, 4])
        let cursor = DataCursor([plain], seed: 1, windowBlocks: 16)
        #expect(cursor != DataCursor([shape], seed: 1, windowBlocks: 16))
        #expect(
            DataCursor([plain], seed: 1, windowBlocks: 1)
                == DataCursor([shape], seed: 1, windowBlocks: 16))
    }
}
