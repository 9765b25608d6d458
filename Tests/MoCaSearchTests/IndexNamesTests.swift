import Foundation
import MoCaTestSupport
import Testing
@testable import MoCaSearch

/// The ids of items, and the paths that they lead to.
struct IndexNamesTests {
    private let folder: TemporaryFolder
    private let index: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        index = try TemporaryFolder()
        for place in ["a", "b", "c/a"] {
            try folder.write("A note in \(place).", to: "\(place)/note.txt")
        }
        try folder.copyPicture("rgb_56x84.png", to: "a/deep/x.png")
        try folder.write(
            "{\"text\": \"a picture\", \"images\": [\"deep/x.png\"]}\n", to: "a/records.jsonl")
    }

    /// A path as it is given in a working folder.
    private func given(_ path: String, in working: String = "") -> URL {
        URL(
            fileURLWithPath: path,
            relativeTo: URL(fileURLWithPath: "\(folder.url.path)/\(working)", isDirectory: true))
    }

    private func update(_ urls: URL...) async throws -> SearchIndex {
        _ = try await Fixtures.builder(index.url).update(paths: urls)
        return try SearchIndex(opening: index.url)
    }

    /// Every item's file can be opened.
    private func expectFiles(_ found: SearchIndex) {
        for item in found.items {
            #expect(FileManager.default.fileExists(atPath: item.path), "\(item.path)")
            #expect(
                item.picturePath.map { FileManager.default.fileExists(atPath: $0) } ?? true)
        }
    }

    @Test func filesOfAFolderAreNamedRelativeToIt() async throws {
        let found = try await update(given("a"))
        #expect(found.items.map(\.id) == ["deep/x.png", "note.txt#1", "records.jsonl#1"])
        #expect(found.items[1].path == "\(folder.url.path)/a/note.txt")
        #expect(found.items[2].picturePath == "\(folder.url.path)/a/deep/x.png")
        expectFiles(found)
        // The root is in one place: an index of a folder that moved is mended there.
        let lines = try String(
            contentsOf: index.url.appending(path: found.manifest.itemsName), encoding: .utf8)
        #expect(!lines.contains(folder.url.path))
    }

    @Test func severalFoldersArePartOfTheNames() async throws {
        let found = try await update(given("a"), given("./b/"))
        #expect(
            found.items.map(\.id) == [
                "a/deep/x.png", "a/note.txt#1", "a/records.jsonl#1", "b/note.txt#1",
            ])
        expectFiles(found)
        // A folder of the same name, given in another working folder.
        let more = try await update(given("a", in: "c"))
        #expect(more.items.last?.id == "\(folder.url.path)/c/a/note.txt#1")
        #expect(more.items.dropLast().map(\.id) == found.items.map(\.id))
        expectFiles(more)
    }

    /// The names of the first folder do not change when another one is added.
    @Test func aFolderThatIsAddedIsPartOfItsNames() async throws {
        let first = try await update(given("a"))
        let both = try await update(given("b"))
        #expect(both.items.map(\.id) == first.items.map(\.id) + ["b/note.txt#1"])
        // `a/b/note.txt` would be called `b/note.txt` too.
        try folder.write("A note in between.", to: "a/b/note.txt")
        let clash = try await update(given("a"))
        let ids = clash.items.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(ids.contains("b/note.txt#1") && ids.contains("\(folder.url.path)/b/note.txt#1"))
        expectFiles(clash)
    }

    @Test func singleFilesAreNamedAsGiven() async throws {
        let found = try await update(
            given("a/note.txt"), URL(fileURLWithPath: "\(folder.url.path)/b/note.txt"), given("c"))
        // The folder alone has no name in its ids, so that one of them is taken.
        let root = folder.url.path
        #expect(
            found.items.map(\.id) == [
                "a/note.txt#1", "\(root)/b/note.txt#1", "\(root)/c/a/note.txt#1",
            ])
        expectFiles(found)
    }

    /// Two names that differ only in Unicode normal form, of files with the same contents.
    @Test func namesAreBytes() async throws {
        let names = ["caf\u{e9}.txt", "cafe\u{301}.txt"]
        for name in names { try folder.write("the same words", to: "d/\(name)") }
        for _ in 0..<2 {
            let found = try await update(given("d"))
            #expect(
                Set(found.items.map { Array($0.id.utf8) })
                    == Set(names.map { Array("\($0)#1".utf8) }))
            #expect(found.items.count == 2)
            expectFiles(found)
        }
    }

    @Test func anOlderIndexIsRefusedWithItsFormat() async throws {
        _ = try await update(given("a"))
        let file = index.url.appending(path: "manifest.json")
        try Data("{\"format\": 2, \"paths\": []}".utf8).write(to: file)
        #expect(
            throws: SearchError.damagedIndex(
                file: file.path, reason: "its format is 2, this version reads 3 and 4")
        ) { try SearchIndex(opening: index.url) }
    }
}
