import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct CatalogTests {
    let store = ImageStore(root: fixtures)

    @Test func foldersAreSubsetsWithCounts() throws {
        let folders = [fixture("contrastive"), fixture("contrastive/plain.parquet")]
        let catalog = try Catalog<ContrastiveSample>(folders: folders, images: store)
        // lists, literals and plain, by name.
        #expect(catalog.subsets.map(\.name) == ["contrastive", "plain"])
        #expect(catalog.subsets.map(\.rowCount) == [36, 12])
        #expect(catalog.shapes[0].blockRows == [7, 5, 12, 5, 5, 2])
        for row in 0..<36 {
            let sample = try catalog.sample(SampleID(subset: "contrastive", row: row))
            let same = try catalog.sample(SampleID(subset: "plain", row: row % 12))
            #expect(sample.query == same.query)
        }
    }

    @Test func savedDataSetsListTheirFiles() throws {
        let catalog = try Catalog<PretrainSample>(folders: [fixture("saved")], images: store)
        #expect(catalog.rowCount == 3)
        #expect(try catalog.sample(SampleID(subset: "saved", row: 2)).content == .text("three"))
    }

    @Test func unusableFolders() throws {
        #expect(
            dataError {
                _ = try Catalog<PretrainSample>(folders: [fixture("vidore")], images: store)
            }
                == .noDataFiles(
                    folder: fixture("vidore").path, subfolders: ["corpus", "qrels", "queries"]))
        #expect(
            dataError {
                _ = try Catalog<PretrainSample>(folders: [fixture("absent")], images: store)
            }
                == .fileMissing(path: fixture("absent").path))
        guard
            case .columnMissing(_, "text", let available) = dataError({
                _ = try Catalog<PretrainSample>(folders: [fixture("benchmark")], images: store)
            })
        else {
            Issue.record("a folder of another kind must be refused")
            return
        }
        #expect(available == ["qry_text", "qry_img_path", "tgt_text", "tgt_img_path"])
        let same = [fixture("saved"), fixture("saved")]
        #expect(
            dataError { _ = try Catalog<PretrainSample>(folders: same, images: store) }
                == .duplicateSubset(name: "data/saved"))
    }

    @Test func jsonLinesHaveRandomAccess() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<5000).map { "{\"text\": \"line \($0)\"}\($0 % 3 == 0 ? "\n" : "")" }
            try Data(lines.joined(separator: "\n").utf8).write(
                to: folder.appendingPathComponent("a.jsonl"))
            try Data("{\"text\": \"tail\"}\n{oops}\n".utf8).write(
                to: folder.appendingPathComponent("b.jsonl"))
            let catalog = try Catalog<PretrainSample>(
                folders: [folder], images: store, cacheByteCount: 1)
            let name = catalog.subsets[0].name
            #expect(catalog.rowCount == 5002)
            for row in [4999, 0, 1023, 1024, 2047, 2500, 4096] {
                let id = SampleID(subset: name, row: row)
                #expect(try catalog.sample(id).content == .text("line \(row)"))
                #expect(try catalog.location(id).place == .line(row + 1 + (row + 2) / 3))
            }
            #expect(try catalog.sample(SampleID(subset: name, row: 5000)).content == .text("tail"))
            let error = dataError { _ = try catalog.sample(SampleID(subset: name, row: 5001)) }
            guard case .malformedLine(let location, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(location.place == .line(2))
        }
    }

    @Test func aWindowDecodesEachBlockOnce() throws {
        var cache = BlockCache(byteCountMax: 16)
        let shape = SubsetShape(name: "s", blockRows: Array(repeating: 10, count: 64))
        let order = RowOrder(shape, windowBlocks: 16, seed: 1, epoch: 0)
        var reads = 0
        for position in 0..<shape.rowCount {
            let block = shape.block(ofRow: order[position]).block
            let key = BlockCache.Key(subset: 0, block: block)
            guard cache.batches(key) == nil else { continue }
            reads += 1
            let batch = RowBatch(count: 10, byteCount: 1) { _ in
                Row([:], location: RecordLocation(file: "", place: .line(1)))
            }
            cache.insert([batch], key)
        }
        #expect(reads == 64)
    }

    /// A file that was written anew since it was counted is an error, not a trap.
    @Test func filesThatChangeAreNamed() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("train.parquet")
            func write(_ count: Int) throws {
                let writer = try ContrastiveWriter(url)
                for row in 0..<count {
                    let side = PairSide(text: "text \(row)", imagePath: "")
                    try writer.append(query: side, positive: side, negatives: [])
                }
                try writer.finish()
            }
            try write(5000)
            // So many other files that this one is opened again.
            for index in 0..<16 {
                try FileManager.default.copyItem(
                    at: fixture("contrastive/plain.parquet"),
                    to: folder.appendingPathComponent("zz\(index).parquet"))
            }
            for count in [4500, 100] {
                try write(5000)
                let catalog = try Catalog<ContrastiveSample>(
                    folders: [folder], images: store, cacheByteCount: 1)
                let name = catalog.subsets[0].name
                _ = try catalog.row(SampleID(subset: name, row: 4999))
                for file in 0..<16 {
                    _ = try catalog.row(SampleID(subset: name, row: 5000 + 12 * file))
                }
                try write(count)
                let error = dataError {
                    _ = try catalog.row(SampleID(subset: name, row: 4999))
                }
                guard case .damagedBlock(url.path, 1, let reason) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
                #expect(reason == "the file has changed since it was opened")
            }
        }
    }
}
