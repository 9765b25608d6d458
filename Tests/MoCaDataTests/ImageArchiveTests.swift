import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaData
@testable import MoCaTables

/// Images inside archives that Python's zipfile and tarfile wrote.
@Suite struct ImageArchiveTests {
    private let location = RecordLocation(file: "a.jsonl", place: .line(3))
    private static let archives = ["pictures.zip", "pictures.tar"]

    /// The pictures by their names in the archives, as they lie in the fixtures.
    private func pictures() throws -> [String: Data] {
        let folder = fixture("images")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".jpg") }.sorted().prefix(6)
        return try names.enumerated().reduce(into: [:]) { found, entry in
            let part = entry.offset % 2 == 0 ? "test" : "train"
            let url = folder.appendingPathComponent(entry.element)
            found["set/\(part)/\(url.lastPathComponent)"] = try Data(contentsOf: url)
        }
    }

    @Test(arguments: archives)
    func archivesAreRootsAndPartsOfPaths(name: String) throws {
        let path = shards.appendingPathComponent(name).path
        let asRoot = ImageStore(root: URL(fileURLWithPath: path, isDirectory: true))
        let asPart = ImageStore(root: shards)
        let pictures = try pictures()
        #expect(pictures.count == 6)
        for (member, bytes) in pictures {
            let expected = ImageSource.encoded(bytes, name: "\(path)/\(member)")
            #expect(try asRoot.source(member, at: location) == expected)
            #expect(try asRoot.source("./\(member)", at: location) == expected)
            #expect(try asPart.source("\(name)/\(member)", at: location) == expected)
            #expect(try asPart.source("\(path)/\(member)", at: location) == expected)
        }
    }

    @Test func hardLinksOfATarAreFollowed() throws {
        let store = ImageStore(root: shards.appendingPathComponent("pictures.tar"))
        let first = try #require(try pictures().keys.sorted().first)
        guard case .encoded(let link, _) = try store.source("again.jpg", at: location),
            case .encoded(let target, _) = try store.source(first, at: location)
        else { return }
        #expect(link == target)
    }

    @Test(arguments: archives)
    func missingEntriesNameArchiveEntryAndNeighbours(name: String) throws {
        let path = shards.appendingPathComponent(name).path
        let store = ImageStore(root: URL(fileURLWithPath: path))
        let there = try #require(try pictures().keys.sorted().first)
        let file = there.split(separator: "/").last ?? ""
        #expect(
            dataError { _ = try store.source("other/\(file)", at: location) }
                == .archiveMemberMissing(
                    location, archive: path, member: "other/\(file)", nearest: [there]))
        let found = dataError { _ = try store.source("set/test/1F1E6-x.jpg", at: location) }
        guard case .archiveMemberMissing(_, path, _, let nearest) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
        #expect(nearest.allSatisfy { $0.hasPrefix("set/test/1F1E6") } && !nearest.isEmpty)
        #expect(
            dataError { _ = try ImageStore(root: shards).source("no.zip/a.jpg", at: location) }
                == .imageMissing(location, path: "\(shards.path)/no.zip/a.jpg"))
    }

    /// A row finds the entry whose name has its bytes, not one that only looks like it.
    @Test(arguments: ["names.zip", "names-pax.tar", "names-gnu.tar", "names-ustar.tar"])
    func namesAreBytes(name: String) throws {
        let folder = fixtures.deletingLastPathComponent().appendingPathComponent("archive")
        let archive = try ImageArchive(folder.appendingPathComponent(name).path)
        for (member, content) in [
            ("caf\u{e9}.png", "composed"), ("cafe\u{301}.png", "decomposed"),
            ("\u{1100}\u{1161}/cafe\u{301}.png", "jamo"),
        ] {
            #expect(try archive.bytes(member) == Data(content.utf8), "\(member)")
        }
        #expect(try archive.bytes("\u{ac00}/cafe\u{301}.png") == nil)
        guard name.hasSuffix("tar") else { return }
        #expect(try archive.bytes("link-cafe\u{301}.png") == Data("decomposed".utf8))
    }

    @Test func namesOfOldZipsAreReadInTheirCodePage() throws {
        let url = fixtures.deletingLastPathComponent()
            .appendingPathComponent("archive/names-old.zip")
        #expect(
            try ImageArchive(url.path).bytes("caf\u{e9} \u{2592}.png") == Data("old".utf8))
        let entry = try #require(try ArchiveReader([url]).next())
        #expect(entry.name == "caf\u{e9} \u{2592}.png" && entry.hasValidName)
    }

    @Test func everyZipOfPythonIsRead() throws {
        let folder = fixtures.deletingLastPathComponent().appendingPathComponent("archive")
        struct Expected: Decodable { var files: [String: Data] }
        let expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
        for name in ["plain.zip", "zip64.zip", "streamed.zip", "pax.tar", "gnu.tar"] {
            let archive = try ImageArchive(folder.appendingPathComponent(name).path)
            for (member, bytes) in expected.files {
                #expect(try archive.bytes(member) == bytes, "\(name), \(member)")
            }
        }
    }

    @Test func compressedTarsAreRefused() throws {
        let folder = fixtures.deletingLastPathComponent().appendingPathComponent("archive")
        let path = folder.appendingPathComponent("gnu.tar.gz").path
        let store = ImageStore(root: URL(fileURLWithPath: path))
        #expect(
            dataError { _ = try store.source("a.txt", at: location) }
                == .archiveOutOfOrder(path: path))
    }

    @Test func threadsReadTheSameBytes() async throws {
        let store = ImageStore(root: shards.appendingPathComponent("pictures.zip"))
        let pictures = try pictures()
        let location = location
        @Sendable func wrongCount() -> Int {
            pictures.count { member, bytes in
                let found = try? store.source(member, at: location)
                return found.map { $0 != .encoded(bytes, name: $0.name) } ?? true
            }
        }
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask { (0..<50).reduce(0) { count, _ in count + wrongCount() } }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    /// A changed byte gives a typed error that names the archive, or the right bytes.
    @Test(arguments: archives)
    func damagedArchivesNeverCrash(name: String) throws {
        let sound = try Data(contentsOf: shards.appendingPathComponent(name))
        let pictures = try pictures()
        var random = RandomSource(seed: 5)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent(name)
            var failures = 0
            for round in 0..<150 {
                var bytes = sound
                if round % 5 == 0 {
                    bytes = bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))
                } else {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] ^= UInt8(1 << (round % 8))
                }
                try bytes.write(to: url)
                do {
                    let archive = try ImageArchive(url.path)
                    for (member, expected) in pictures {
                        let found = try archive.bytes(member)
                        // A tar has no checksum of its contents.
                        let isRight = found == nil || found == expected || name.hasSuffix("tar")
                        #expect(isRight, "round \(round), \(member)")
                    }
                } catch let error as DataError {
                    failures += 1
                    #expect(error.errorDescription?.contains(url.path) == true)
                }
            }
            #expect(failures >= 20)
        }
    }

    /// Of a method that is not read in place, archive and entry are named; others are read.
    @Test func otherCompressionsOfAZipAreNamed() throws {
        let folder = fixtures.deletingLastPathComponent().appendingPathComponent("archives")
        let path = folder.appendingPathComponent("good-methods.zip").path
        let store = ImageStore(root: URL(fileURLWithPath: path))
        for (entry, name) in [("pictures/a.txt", "bzip2"), ("pictures/deep/b.bin", "LZMA")] {
            #expect(
                dataError { _ = try store.source(entry, at: location) }
                    == .unsupportedFile(
                        path: path, entry: entry,
                        reason: "its compression \(name) is not read in place",
                        remedy: "unpack the archive, or write it anew with deflate"))
        }
        guard case .encoded(let bytes, _) = try store.source("notes/c.txt", at: location) else {
            Issue.record("a stored entry is read")
            return
        }
        #expect(bytes.count == 1100)
    }
}
