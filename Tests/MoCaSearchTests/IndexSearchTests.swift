import MoCaVectors
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Synchronization
import Testing
import Torch
@testable import MoCaSearch

/// From files to answers, and what a second run does.
struct IndexSearchTests {
    private let folder: TemporaryFolder
    private let index: TemporaryFolder
    private var root: String { folder.url.path }

    init() throws {
        folder = try TemporaryFolder()
        index = try TemporaryFolder()
        try folder.copyPicture("rgb_56x84.png", to: "photos/a.png")
        try folder.copyPicture("jpeg_420.jpg", to: "photos/deep/b.JPG")
        try folder.write("A short note about ships.", to: "note.txt")
        let long = (0..<3).map { String(repeating: "word\($0) ", count: 150) }
        try folder.write("# Title\n\n" + long.joined(separator: "\n\n"), to: "long.md")
        try folder.write(
            """
            {"text": "a record of its own"}
            {"text": "a picture with words", "images": ["photos/a.png"]}

            """, to: "records.jsonl")
        try folder.write("%PDF-1.4", to: "manual.pdf")
        try folder.write("x", to: "program.swift")
        try folder.write("x", to: ".hidden.txt")
    }

    @Test func indexesFilesAndFindsWhatAPlainLoopFinds() async throws {
        let report = try await Fixtures.builder(index.url).update(paths: [folder.url])
        #expect(
            report.skipped == [
                SkippedFile(path: "\(root)/manual.pdf", reason: FileScan.pageReason),
                SkippedFile(path: "\(root)/program.swift", reason: FileScan.otherReason),
            ])
        let found = try SearchIndex(opening: index.url)
        #expect(
            found.items.map(\.id) == [
                "long.md#1", "long.md#2", "long.md#3", "note.txt#1", "photos/a.png",
                "photos/deep/b.JPG", "records.jsonl#1", "records.jsonl#2",
            ])
        #expect(report.items == 8 && report.embedded == 8 && report.failed.isEmpty)
        #expect(found.items[7].picturePath == "\(root)/photos/a.png")
        #expect(found.items[3].excerpt == "A short note about ships.")

        let embedder = try await Embedder(loading: Fixtures.checkpoint)
        let picture = folder.url.appending(path: "photos/a.png")
        let contents: [Content] = [
            .text("A short note about ships."), .image(picture),
            Content([.image(.file(picture)), .text("a picture with words")]),
            .text("a record of its own"), .image(folder.url.appending(path: "photos/deep/b.JPG")),
        ]
        let places = [3, 4, 7, 6, 5]
        for query in [Content.text("ships"), .image(picture)] {
            let vector = try await embedder.embed([query])[0]
            let hits = try found.best(vector, count: 100)
            #expect(hits.count == 8)
            // One content at a time, as the index did not embed them.
            for (place, content) in zip(places, contents) {
                let score = try await embedder.embed([content])[0].similarity(to: vector)
                let hit = try #require(hits.first { $0.item == found.items[place] })
                #expect(abs(hit.score - score) < 1e-5)
            }
            #expect(hits.map(\.score) == hits.map(\.score).sorted(by: >))
            #expect(try found.best(vector, count: 3) == Array(hits.prefix(3)))
        }
    }

    @Test func aSecondRunEmbedsWhatChanged() async throws {
        let builder = try await Fixtures.builder(index.url)
        _ = try await builder.update(paths: [folder.url])
        let before = try SearchIndex(opening: index.url)
        #expect(try await builder.update().embedded == 0)

        try folder.write("Now about trains.", to: "note.txt")
        try FileManager.default.removeItem(at: folder.url.appending(path: "photos/deep/b.JPG"))
        try FileManager.default.moveItem(
            at: folder.url.appending(path: "long.md"), to: folder.url.appending(path: "moved.md"))
        let report = try await builder.update(paths: [folder.url])
        #expect(report.embedded == 1 && report.items == 7 && report.removed == 2)
        let after = try SearchIndex(opening: index.url)
        #expect(after.items.contains { $0.excerpt == "Now about trains." })
        #expect(after.items.first { $0.id == "moved.md#2" } != nil)
        // Vectors that were kept are the same bits.
        for (row, item) in before.items.enumerated() {
            guard
                let now = after.items.firstIndex(where: {
                    $0.hash == item.hash && $0.part == item.part
                })
            else { continue }
            #expect(before.vectors.row(row) == after.vectors.row(now))
        }
        // Only the files of this generation are left.
        let names = try FileManager.default.contentsOfDirectory(atPath: index.url.path).sorted()
        #expect(names == ["items.3.jsonl", "manifest.json", "vectors.3.safetensors"])
    }

    @Test func otherPathsStayAndAPathThatIsGoneGoes() async throws {
        let other = try TemporaryFolder()
        try other.write("another text", to: "other.txt")
        let builder = try await Fixtures.builder(index.url)
        _ = try await builder.update(paths: [folder.url])
        let both = try await builder.update(paths: [other.url])
        #expect(both.items == 9 && both.embedded == 1 && both.removed == 0)
        try FileManager.default.removeItem(at: other.url)
        let rest = try await builder.update()
        #expect(rest.items == 8 && rest.embedded == 0 && rest.removed == 1)
        #expect(rest.missing == [MissingRoot(path: other.url.path, files: 1)])
        let later = try await builder.update()
        #expect(later.items == 8 && later.missing == [MissingRoot(path: other.url.path, files: 0)])
        try other.write("another text", to: "other.txt")
        #expect(try await builder.update().items == 9)
        await #expect(throws: SearchError.pathMissing(path: "/nowhere/at/all")) {
            try await builder.update(paths: [URL(fileURLWithPath: "/nowhere/at/all")])
        }
    }

    @Test func filesWithTheSameContentsAreEmbeddedOnce() async throws {
        try folder.write("A short note about ships.", to: "copy.txt")
        let report = try await Fixtures.builder(index.url).update(paths: [folder.url])
        #expect(report.items == 9 && report.embedded == 8)
    }

    @Test func brokenFilesAreLeftOutByName() async throws {
        try folder.write("not a picture", to: "photos/broken.png")
        try Data([0xff, 0xfe, 0xc0]).write(to: folder.url.appending(path: "latin.txt"))
        try folder.write("{\"text\": ", to: "half.jsonl")
        let report = try await Fixtures.builder(index.url).update(paths: [folder.url])
        #expect(report.items == 8)
        let names = report.failed.map { URL(fileURLWithPath: $0.path).lastPathComponent }
        #expect(names.sorted() == ["broken.png", "half.jsonl", "latin.txt"])
        #expect(report.failed.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func anInterruptedRunKeepsWhatIsDone() async throws {
        let texts = try TemporaryFolder()
        for name in ["a", "b"] {
            let words = (0..<9000).map { "\(name)\($0)" }
            try texts.write(words.joined(separator: " "), to: "\(name).txt")
        }
        let builder = try await Fixtures.builder(index.url)
        let calls = Mutex(0)
        await #expect(throws: SearchError.self) {
            try await builder.update(
                paths: [texts.url],
                isInterrupted: {
                    calls.withLock { calls in
                        calls += 1; return calls == 2
                    }
                })
        }
        let kept = try SearchIndex(opening: index.url).items
        let report = try await builder.update(paths: [texts.url])
        #expect(report.embedded == report.items - kept.count)
        #expect(report.embedded < report.items && !kept.isEmpty)
    }

    @Test func nothingToIndexIsAnError() async throws {
        let empty = try TemporaryFolder()
        try empty.write("x", to: "manual.pdf")
        let builder = try await Fixtures.builder(index.url)
        await #expect(throws: SearchError.nothingToIndex(paths: [empty.url.path])) {
            try await builder.update(paths: [empty.url])
        }
        #expect(!SearchIndex.exists(in: index.url))
    }
}
