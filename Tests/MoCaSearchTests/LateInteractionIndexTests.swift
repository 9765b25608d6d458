import MoCaVectors
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaTestSupport
import Testing
@testable import MoCaSearch

/// An index of embeddings of several vectors.
struct LateInteractionIndexTests {
    private static let model = Fixtures.folder.appending(path: "families/colqwen2_5")
    private let folder: TemporaryFolder
    private let index: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        index = try TemporaryFolder()
        try folder.copyPicture("rgb_56x84.png", to: "a.png")
        try folder.copyPicture("jpeg_420.jpg", to: "b.jpg")
        try folder.write("A short note about ships.", to: "note.txt")
        try folder.write("One two.\n\nThree four five six seven.", to: "long.md")
    }

    @Test func findsWhatAPlainLoopFinds() async throws {
        let builder = try await Fixtures.builder(index.url, model: Self.model)
        let report = try await builder.update(paths: [folder.url])
        #expect(report.items == 4 && report.failed.isEmpty)
        let found = try SearchIndex(opening: index.url)
        #expect(found.manifest.format == IndexManifest.multiVectorFormat)
        let embedder = try await Embedder(loading: Self.model)
        let pages = try await embedder.embed([
            .image(folder.url.appending(path: "a.png")),
            .image(folder.url.appending(path: "b.jpg")),
        ])
        let notes = try await embedder.embed(
            [.text("One two.\n\nThree four five six seven."), .text("A short note about ships.")],
            as: .document)
        let query = try await embedder.embed([.text("ships")], as: .query)[0]
        #expect(query.vectorCount > 10)
        let hits = try found.best(query, count: 10)
        #expect(hits.count == 4 && hits.map(\.score) == hits.map(\.score).sorted(by: >))
        for (id, embedding) in zip(["a.png", "b.jpg", "long.md#1", "note.txt#1"], pages + notes) {
            let hit = try #require(hits.first { $0.item.id == id })
            #expect(abs(hit.score - query.similarity(to: embedding)) < 1e-4)
            let row = try #require(found.items.firstIndex { $0.id == id })
            #expect(found.vectors.vectorCount(of: row) == embedding.vectorCount)
        }
        #expect(try found.best(query, count: 2) == Array(hits.prefix(2)))
    }

    @Test func aSecondRunKeepsVectors() async throws {
        let builder = try await Fixtures.builder(index.url, model: Self.model)
        _ = try await builder.update(paths: [folder.url])
        let before = try SearchIndex(opening: index.url)
        try FileManager.default.removeItem(at: folder.url.appending(path: "a.png"))
        try folder.write("Something new.", to: "c.txt")
        try folder.write("A short note about ships.", to: "copy.txt")
        let report = try await builder.update()
        #expect(report.embedded == 1 && report.removed == 1 && report.items == 5)
        let after = try SearchIndex(opening: index.url)
        for (row, item) in before.items.enumerated() where item.id != "a.png" {
            let now = try #require(after.items.firstIndex { $0.id == item.id })
            #expect(before.vectors.row(row) == after.vectors.row(now))
        }
        let copies = after.items.indices.filter { after.items[$0].excerpt.contains("ships") }
        #expect(copies.count == 2)
        #expect(Set(copies.map(after.vectors.row)).count == 1)
    }

    @Test func damagedLengthsAreNamed() async throws {
        _ = try await Fixtures.builder(index.url, model: Self.model).update(paths: [folder.url])
        let file = index.url.appending(path: "vectors.1.safetensors")
        var bytes = try Data(contentsOf: file)
        // The lengths stand first behind the header, whose size stands first in the file.
        let header = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        bytes[8 + header] = 0
        bytes[9 + header] = 0
        try bytes.write(to: file)
        let error = SearchError.damagedIndex(file: file.path, reason: "an item has 0 vectors")
        #expect(throws: error) {
            try SearchIndex(opening: index.url)
        }
    }

    /// An index with one vector for each item is written as before.
    @Test func otherIndexesKeepTheirFormat() async throws {
        _ = try await Fixtures.builder(index.url).update(paths: [folder.url])
        let found = try SearchIndex(opening: index.url)
        #expect(found.manifest.format == 3 && !found.vectors.isRagged)
    }
}
