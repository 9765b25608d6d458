import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// JSONL as gzip, zstd, bzip2 and xz, made by Python and the zstd program.
@Suite struct CompressedLinesTests {
    private let folder = fixtures.deletingLastPathComponent().appendingPathComponent("archive")

    /// Puts a stream into a folder under the name of a JSONL file.
    private func withFile(
        _ stream: String, _ name: String, change: (Data) -> Data = { $0 },
        _ body: (URL) throws -> Void
    ) throws {
        try withTemporaryFolder { temporary in
            let url = temporary.appendingPathComponent(name)
            let bytes = try Data(contentsOf: folder.appendingPathComponent(stream))
            try change(bytes).write(to: url)
            try body(url)
        }
    }

    private static let streams = [
        ("lines.txt.gz", "x.jsonl.gz"), ("members.txt.gz", "x.jsonl.gz"),
        ("lines.txt.zst", "x.jsonl.zst"), ("frames.txt.zst", "x.jsonl.zst"),
        ("lines.txt.bz2", "x.jsonl.bz2"), ("lines.txt.xz", "x.jsonl.xz"),
    ]

    @Test(arguments: streams)
    func rowsEqualThoseOfThePlainFile(stream: String, name: String) throws {
        try withFile("lines.txt", "plain.jsonl") { plainURL in
            let plain = try openRecordFile(plainURL)
            try withFile(stream, name) { url in
                let file = try openRecordFile(url)
                #expect(file.rowCount == 400)
                #expect(file.blockRows == plain.blockRows)
                var rows: [Row] = []
                try plain.forEachRow(columns: []) { rows.append($0) }
                var index = 0
                try file.forEachRow(columns: []) { row in
                    for column in ["text", "n"] {
                        let (found, expected) = try (row.cell(column), rows[index].cell(column))
                        #expect(found == expected)
                    }
                    #expect(row.location.place == rows[index].location.place)
                    index += 1
                }
                let catalog = try Catalog<PretrainSample>(
                    folders: [url], images: ImageStore(root: url), cacheByteCount: 1)
                for row in [399, 0, 123] {
                    let id = SampleID(subset: catalog.subsets[0].name, row: row)
                    #expect(try catalog.sample(id).content == .text("line \(row)"))
                    #expect(try catalog.location(id).description == "\(url.path), line \(row + 1)")
                }
            }
        }
    }

    @Test(arguments: streams)
    func embeddingReadsThemInFlatMemory(stream: String, name: String) throws {
        try withFile(stream, name) { url in
            var reader = try EmbedRecordReader(file: url)
            var count = 0
            while let record = try reader.next() {
                #expect(record.text == "line \(count)")
                count += 1
                #expect(record.location.place == .line(count))
            }
            #expect(count == 400)
        }
    }

    /// Nothing is taken for the end: the error names the file, and the line where there is one.
    @Test(arguments: streams)
    func cutStreamsAreRefused(stream: String, name: String) throws {
        // The padding after the last member may be missing, but not the member's end.
        let cut = { (bytes: Data) in bytes.prefix(bytes.count - (stream.hasPrefix("m") ? 521 : 9)) }
        try withFile(stream, name, change: cut) { url in
            let reading = dataError {
                var reader = try EmbedRecordReader(file: url)
                while try reader.next() != nil {}
            }
            for found in [reading, dataError { _ = try openRecordFile(url) }] {
                switch found {
                case .damagedStream(url.path, _, _), .unreadableFile(url.path, _): break
                default: Issue.record("\(String(describing: found))")
                }
            }
        }
    }

    @Test func linesBeforeTheDamageAreRead() throws {
        let cut = { (bytes: Data) in bytes.prefix(bytes.count - 9) }
        try withFile("lines.txt.gz", "x.jsonl.gz", change: cut) { url in
            var reader = try EmbedRecordReader(file: url)
            var count = 0
            let reading = dataError { while try reader.next() != nil { count += 1 } }
            #expect(count > 300)
            let expected = DataError.damagedStream(
                path: url.path, line: count + 1, reason: "the gzip data end too early")
            #expect(reading == expected)
            #expect(dataError { _ = try openRecordFile(url) } == expected)
        }
    }

    @Test func malformedLinesKeepTheirNumbers() throws {
        // gzip of `{"text": "a"}`, a blank line, `{oops}`, by Python's gzip.compress.
        let text = "H4sIAAAAAAACA6tWKkmtKFGyUlBKVKrl4qrOzy8oruUCAB1a2KkWAAAA"
        try withTemporaryFolder { temporary in
            let url = temporary.appendingPathComponent("x.jsonl.gz")
            try #require(Data(base64Encoded: text)).write(to: url)
            let file = try openRecordFile(url)
            #expect(file.rowCount == 2)
            let found = dataError { try file.forEachRow(columns: []) { _ in } }
            guard case .malformedLine(let location, _) = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(location.description == "\(url.path), line 3")
        }
    }

    @Test func plainTextUnderACompressedNameIsRefused() throws {
        try withFile("lines.txt", "x.jsonl.gz") { url in
            #expect(
                dataError { _ = try openRecordFile(url) }
                    == .unreadableFile(
                        path: url.path, reason: "the bytes are not gzip, zstd, bzip2 or xz"))
        }
    }
}
