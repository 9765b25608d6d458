import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Inputs that look like others: each is read as what it is, or refused by name.
@Suite struct MisleadingInputTests {
    /// The error of embedding the file `name` with these bytes.
    private func failure(_ name: String, _ bytes: Data) throws -> String? {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: name)
            try bytes.write(to: url)
            return dataError {
                var reader = try EmbedRecordReader(file: url)
                let images = ImageStore(root: folder)
                while let record = try reader.next() { _ = try EmbedSample(record, images: images) }
            }?.oneLine.replacing(folder.path + "/", with: "")
        }
    }

    @Test(arguments: [
        (Data(#"[{"text": "a"}]"#.utf8), "one JSON array"),
        (Data([0x1f, 0x8b, 8, 0]), "a gzip file"),
        (Data("PAR1....".utf8), "a Parquet file"), (Data([0, 0, 0, 0]), "a binary file"),
    ])
    func otherFormatsNamedJSONLinesAreRefused(bytes: Data, found: String) throws {
        let expected =
            "cannot open data (a.jsonl): it is \(found), not one JSON object a line; convert it, or "
            + "give it the ending of its format (.parquet, .arrow, .jsonl.gz, ...)"
        #expect(try failure("a.jsonl", bytes) == expected)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.jsonl")
            try bytes.write(to: url)
            #expect(dataError { _ = try JSONLinesFile(url) }?.oneLine.contains(found) == true)
        }
    }

    @Test func linesOfManyChunksAreWhole() throws {
        let long = String(repeating: "x", count: 3 << 20)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.txt")
            try Data("first\r\n\(long)\nlast".utf8).write(to: url)
            var reader = try LineReader(url)
            var counts: [Int] = []
            while let line = try reader.next() { counts.append(line.count) }
            #expect(counts == [5, 3 << 20, 4])
        }
    }

    @Test(arguments: [
        (#"{"images": ["https://example.org/x.png"]}"#, "https://example.org/x.png is a URL"),
        (#"{"images": ["file:///x.png"]}"#, "file:///x.png is a URL"),
        (#"{"images": ["."]}"#, "is a folder; name an image file"),
        (
            #"{"images": [{"bytes": "%%", "path": null}]}"#,
            "'bytes' of 'images' holds no valid base64"
        ),
    ])
    func imagesThatAreNoFilesAreNamed(line: String, reason: String) throws {
        #expect(try failure("a.jsonl", Data(line.utf8))?.contains(reason) == true)
    }

    @Test func base64InPlaceOfAPathIsNotPrinted() throws {
        let encoded = Data(count: 300_000).base64EncodedString()
        let error = try failure("a.jsonl", Data(#"{"images": ["\#(encoded)"]}"#.utf8)) ?? ""
        #expect(
            error.utf8.count < 400 && error.hasSuffix("write base64 as data:image/TYPE;base64,DATA")
        )
    }

    @Test func bytesOfImagesInJSONAreBase64() throws {
        let line = #"{"image": {"bytes": "AQID", "path": null}}"#
        var row = try jsonRow(Data(line.utf8), location: RecordLocation(file: "f", place: .line(1)))
        #expect(try EmbedRecord(row).images == [.encoded(Data([1, 2, 3]))])
        row = try jsonRow(
            Data(#"{"images": ["a.png"], "caption": "b"}"#.utf8),
            location: RecordLocation(file: "f", place: .line(1)))
        #expect(try EmbedRecord(row).images == [.path("a.png")])
    }

    @Test func columnsThatAreNotReadAreNamed() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "a.jsonl")
            try Data("{\"text\": \"a\", \"image_path\": \"b\"}\n{\"text\": \"a\", \"x\": 1}".utf8)
                .write(to: url)
            var reader = try EmbedRecordReader(file: url)
            while try reader.next() != nil {}
            #expect(reader.unreadColumns == ["image_path"])
        }
    }

    @Test func pointersOfGitLFSAreNamed() throws {
        let pointer = "version https:\u{2f}/git-lfs.example/spec/v1\noid sha256:0\nsize 5\n"
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "train.parquet")
            try Data(pointer.utf8).write(to: url)
            #expect(
                dataError { _ = try openRecordFile(url) }?.oneLine
                    == "cannot open data (\(url.path)): it is a Git LFS pointer, not the file itself; "
                    + "fetch the file with `git lfs pull`")
        }
    }

    @Test func filesOfSeveralSplitsAreAskedFor() throws {
        try withTemporaryFolder { folder in
            for name in ["train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"] {
                try Data("{}".utf8).write(to: folder.appending(path: "\(name).jsonl"))
            }
            #expect(
                dataError { _ = try dataFiles(in: folder) }
                    == .severalSplits(folder: folder.path, splits: ["test", "train"]))
            let files = try dataFiles(in: folder.appending(path: "train"))
            #expect(
                files.map(\.lastPathComponent)
                    == ["train-00000-of-00002.jsonl", "train-00001-of-00002.jsonl"])
            #expect(dataError { _ = try dataFiles(in: folder.appending(path: "dev")) } != nil)
        }
    }

    @Test func namesThatDifferInNormalFormAreTwo() {
        let (composed, decomposed) = ("caf\u{e9}.png", "cafe\u{301}.png")
        #expect(composed == decomposed)
        #expect(ExactText(composed) != ExactText(decomposed))
        #expect(Set([ExactText(composed), ExactText(decomposed)]).count == 2)
        #expect(ExactText(decomposed) < ExactText(composed))
    }
}
