import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct EmbedRecordReaderTests {
    private func write(_ text: String, _ name: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: url)
            try body(url)
        }
    }

    @Test func jsonLinesKeepTheirNumbersAndGoOnAfterErrors() throws {
        let lines = [
            "\u{feff}{\"id\": \"a\", \"text\": \"one\"}", "",
            "{\"id\": 7, \"images\": [\"x.png\"]}\r",
            "{\"text\": }", "[1]", "{\"text\": 5}",
            "{\"text\": \"last\", \"other\": {\"x\": [1, 2.5, null]}}",
        ]
        try write(lines.joined(separator: "\n"), "in.jsonl") { url in
            var reader = try EmbedRecordReader(file: url)
            var ids: [String?] = []
            var errors: [String] = []
            while true {
                do {
                    guard let record = try reader.next() else { break }
                    ids.append(record.id ?? record.location.description)
                } catch let error as DataError {
                    errors.append(error.oneLine.replacingOccurrences(of: url.path, with: "F"))
                }
            }
            #expect(ids == ["a", "7", "\(url.path), line 7"])
            #expect(
                errors == [
                    "malformed record (F, line 4): expected a value at column 10; write one JSON object a line, in UTF-8",
                    "malformed record (F, line 5): it is not an object; write one JSON object a line, in UTF-8",
                    "wrong type (F, line 6, column 'text'): found an integer, expected text; convert the column",
                ])
        }
    }

    @Test func textFiles() throws {
        try write("one\n\nthree <|image_1|>", "in.txt") { url in
            var reader = try EmbedRecordReader(file: url)
            var results: [String] = []
            while let record = try reader.next() {
                let sample = Result { try EmbedSample(record, images: ImageStore(root: url)) }
                results.append((try? sample.get().id) ?? "empty")
            }
            #expect(results == ["1", "empty", "3"])
        }
    }

    @Test func tablesAndImageFiles() throws {
        var table = try EmbedRecordReader(file: fixture("pretrain-paths/paths.parquet"))
        var texts: [String?] = []
        while let record = try table.next() { texts.append(record.text) }
        #expect(texts.count == 4)
        let image = fixture("vidore/corpus/on-disk.jpg")
        var images = EmbedRecordReader(images: [image])
        let record = try #require(try images.next())
        let sample = try EmbedSample(record, images: ImageStore(root: fixtures))
        #expect(sample.id == image.path)
        #expect(sample.content == .image(image))
        #expect(try images.next() == nil)
        var relative = EmbedRecordReader(images: [URL(fileURLWithPath: "a/b.jpg")])
        #expect(try relative.next()?.location.file == "a/b.jpg")
        guard
            case .columnMissing(_, "text", _) = dataError({
                _ = try EmbedRecordReader(file: fixture("benchmark/test.parquet"))
            })
        else {
            Issue.record("a table without text and images must be refused")
            return
        }
    }

    @Test func longLinesCrossChunks() throws {
        let long = String(repeating: "é", count: 400_000)
        try write("\(long)\nb\n\(long)\n", "in.txt") { url in
            var lines = try LineReader(url)
            var sizes: [Int] = []
            while let line = try lines.next() { sizes.append(line.count) }
            #expect(sizes == [800_000, 1, 800_000])
            #expect(lines.lineNumber == 3)
        }
    }
}
