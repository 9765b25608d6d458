import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Where the golden shards, archives and saved data sets are.
let shards = fixtures.deletingLastPathComponent().appendingPathComponent("shards")

/// Shards that the webdataset library wrote, against what it reads from them.
@Suite struct WebDatasetTests {
    private let store = ImageStore(root: shards)

    /// The library's samples: members by their endings.
    private func expected(_ name: String) throws -> [[String: Data]] {
        let data = try Data(contentsOf: shards.appendingPathComponent("\(name).expected.json"))
        guard case .list(let rows) = try Cell(json: data) else { return [] }
        return rows.map { row in
            guard case .object(let members) = row else { return [:] }
            return members.reduce(into: [:]) { result, member in
                guard case .string(let text) = member.value else { return }
                let isKey = member.key == "__key__"
                result[member.key] = isKey ? Data(text.utf8) : Data(base64Encoded: text)
            }
        }
    }

    private func rows(_ name: String) throws -> [Row] {
        let file = try openRecordFile(shards.appendingPathComponent(name))
        var rows: [Row] = []
        try file.forEachRow(columns: PretrainRecord.columns) { rows.append($0) }
        return rows
    }

    @Test func samplesEqualTheLibrarys() throws {
        let expected = try expected("pages-000000")
        let rows = try rows("pages-000000.tar")
        #expect(rows.count == expected.count)
        for (row, members) in zip(rows, expected) {
            #expect(try row.string("__key__").map { Data($0.utf8) } == members["__key__"])
            if let text = members["txt"] {
                #expect(try row.string("text").map { Data($0.utf8) } == text)
            }
        }
        #expect(try rows[0].images("images") == [.encoded(try #require(expected[0]["jpg"]))])
        #expect(try rows[1].string("text") == "three pictures")
        #expect(try rows[1].string("lang") == "en")
        let three = try ["1.jpg", "2.jpg", "10.jpg"].map { try #require(expected[1][$0]) }
        #expect(try rows[1].images("images") == three.map { .encoded($0) })
        #expect(try rows[2].images("images").isEmpty)
        // The order of the JSON, by path and by ending.
        let two = try ["right.jpg", "left.jpg"].map { try #require(expected[3][$0]) }
        #expect(try rows[3].images("images") == two.map { .encoded($0) })
        #expect(
            rows[3].location.description
                == "\(shards.path)/pages-000000.tar, row 3, sample b/000001")
    }

    @Test func shardsAreSamplesOfBothStages() throws {
        let pages = try Catalog<PretrainSample>(
            folders: [shards.appendingPathComponent("pages-000000.tar")], images: store)
        let sample = try pages.sample(SampleID(subset: "pages-000000", row: 1))
        #expect(sample.content.images.count == 3)
        #expect(sample.content.segments.last == .text("three pictures"))
        let pairs = try Catalog<ContrastiveSample>(
            folders: [shards.appendingPathComponent("pairs-000000.tar")], images: store)
        let expected = try expected("pairs-000000")
        let first = try pairs.sample(SampleID(subset: "pairs-000000", row: 0))
        let place = "\(shards.path)/pairs-000000.tar, row 0, sample 000000"
        let query = try #require(expected[0]["query.jpg"])
        #expect(first.query.images == [.encoded(query, name: "\(place), query.jpg")])
        let negative = try #require(expected[0]["neg.jpg"])
        #expect(
            first.negatives.map(\.images)
                == [[.encoded(negative, name: "\(place), 000000.neg.jpg")], []])
        let second = try pairs.sample(SampleID(subset: "pairs-000000", row: 1))
        #expect(second.positive.images.count == 1)
    }

    /// 300 samples are two blocks; rows of a plain and of a compressed shard are the same, in any
    /// order.
    @Test func rowsAreReadInAnyOrder() throws {
        let compressed = shards.appendingPathComponent("pages-000001.tar.gz")
        try withTemporaryFolder { folder in
            let plain = folder.appendingPathComponent("plain.tar")
            let stream = try ArchiveReader(stream: compressed)
            try stream.readAll().write(to: plain)
            for url in [compressed, plain] {
                let catalog = try Catalog<PretrainSample>(
                    folders: [url], images: store, cacheByteCount: 1)
                #expect(catalog.shapes[0].blockRows == [256, 44])
                for row in [299, 0, 255, 256, 17] {
                    let id = SampleID(subset: catalog.subsets[0].name, row: row)
                    #expect(try catalog.sample(id).content == .text("text \(row)"))
                }
            }
        }
    }

    @Test func embeddingTakesShards() throws {
        let url = shards.appendingPathComponent("pages-000000.tar")
        var reader = try EmbedRecordReader(file: url)
        var ids: [String] = []
        while let record = try reader.next() {
            ids.append(try EmbedSample(record, images: store).id)
        }
        #expect(ids == ["a/000000", "a/000001", "b/000000", "b/000001"])
    }

    @Test func archivesBesideRecordsAreNoShards() throws {
        try withTemporaryFolder { folder in
            let shard = folder.appendingPathComponent("images.tar")
            try FileManager.default.copyItem(
                at: shards.appendingPathComponent("pages-000000.tar"), to: shard)
            #expect(try dataFiles(in: folder).map(\.lastPathComponent) == ["images.tar"])
            let lines = folder.appendingPathComponent("train.jsonl")
            try Data("{\"text\": \"a\"}\n".utf8).write(to: lines)
            #expect(try dataFiles(in: folder).map(\.lastPathComponent) == ["train.jsonl"])
        }
    }

    /// Samples that cannot be used say why, and the others are read.
    @Test func flawedSamplesAreNamed() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x-000000.tar")
            let members: [(String, String)] = [
                ("0.txt", "a"), ("0.txt", "b"), ("1.json", "{oops}"), ("2.json", "[1]"),
                (".hidden", ""), ("README", ""), ("3.txt", "fine"),
            ]
            try members.reduce(Data()) { $0 + ustar($1.0, Data($1.1.utf8)) }.write(to: url)
            let file = try openRecordFile(url)
            #expect(file.rowCount == 4)
            var rows = RowIterator(file, columns: EmbedRecord.columns)
            var found: [String] = []
            for _ in 0..<4 {
                let text = dataError { found.append(try rows.next()?.string("text") ?? "") }
                if let text { found.append(text.errorDescription ?? "") }
            }
            #expect(
                found.map { $0.replacingOccurrences(of: url.path, with: "F") } == [
                    "malformed record (F, row 0, sample 0): 0.txt stands twice",
                    "malformed record (F, row 1, sample 1): expected a key in quotes at byte 1 of 1.json",
                    "malformed record (F, row 2, sample 2): 2.json is not an object", "fine",
                ])
        }
    }

    @Test func cutShardsAreRefused() throws {
        let whole = try Data(contentsOf: shards.appendingPathComponent("pages-000000.tar"))
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.tar")
            try whole.prefix(1200).write(to: url)
            guard
                case .unreadableArchive(url.path, _, _)? = dataError({
                    _ = try openRecordFile(url)
                })
            else {
                Issue.record("half a member must not be taken for the end")
                return
            }
        }
    }

    @Test func tasksOfABenchmarkBringTheirImages() throws {
        let shard = shards.deletingLastPathComponent()
            .appendingPathComponent("layouts/shards-mmeb/discs/discs-000000.tar")
        let catalog = try Catalog<BenchmarkSample>(folders: [shard], images: store)
        #expect(catalog.rowCount == 12)
        let sample = try catalog.sample(SampleID(subset: "discs-000000", row: 7))
        #expect(sample.query == .text("which disc is 7?"))
        #expect(sample.candidates.map(\.images.count) == [1, 1])
        guard case .encoded(let right, let name) = sample.candidates[0].images[0],
            case .encoded(let wrong, _) = sample.candidates[1].images[0]
        else {
            Issue.record("images come from the tar")
            return
        }
        #expect(right != wrong && name.hasSuffix("row 7, sample 000007, right.png"))
    }

    @Test func aShardCutBetweenMembersIsKnown() throws {
        let shard = shards.appendingPathComponent("pages-000000.tar")
        #expect(try !WebDatasetFile(shard).lacksEnd)
        let whole = try Data(contentsOf: shard)
        try withTemporaryFolder { folder in
            let cut = folder.appendingPathComponent("cut.tar")
            let end = (whole.lastIndex { $0 != 0 } ?? 0) / 512 * 512 + 512
            try whole.prefix(end).write(to: cut)
            let file = try WebDatasetFile(cut)
            #expect(file.lacksEnd && file.rowCount == 4)
        }
    }
}

/// One member of a tar: a header of POSIX.1-1988 and the content, filled up to 512 bytes.
func ustar(_ name: String, _ content: Data) -> Data {
    var header = Data(count: 512)
    func put(_ text: String, at offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(content.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("        0", at: 148)
    put("ustar\u{0}00", at: 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
    return header + content + Data(count: (512 - content.count % 512) % 512)
}
