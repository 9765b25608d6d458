import Foundation
import MoCaCore
import MoCaTestSupport
import Synchronization
import Testing

@testable import MoCaDataPreparation

struct UnpackingTests {
    private func unpack(
        _ archive: String, _ rule: String = "", in folder: URL
    ) throws -> PreparationReport {
        try Trial(folder).run(
            """
            sources:
              - path: \(archives.path)
                archives: [{files: ["\(archive)"], into: got\(rule.isEmpty ? "" : ", " + rule)}]
            """)
    }

    @Test(arguments: ["good.zip", "good.tar", "good.tar.gz", "good.tar.zst"])
    func everyFormat(archive: String) throws {
        try withTemporaryFolder { folder throws in
            let report = try unpack(archive, in: folder)
            #expect(report.entries == 3 && report.unpackedBytes == 4400)
            let got = folder.appending(path: "output/got")
            for name in ["pictures/a.txt", "pictures/deep/b.bin", "notes/c.txt"] {
                #expect(try text(got.appending(path: name)) == content(name))
            }
            #expect(try files(in: got).count == 3)
        }
    }

    /// Two names that differ only in Unicode normal form are two files.
    @Test(arguments: ["names-pax.tar", "names-pax.tar.gz", "names-pax.tar.xz", "names.zip"])
    func namesAreBytes(archive: String) throws {
        try withTemporaryFolder { folder throws in
            let source = packageRoot.appending(path: "Tests/Fixtures/archive")
            _ = try Trial(folder).run(
                """
                sources:
                  - path: \(source.path)
                    archives: [{files: ["\(archive)"], into: got}]
                """)
            let got = folder.appending(path: "output/got")
            for (name, content) in [
                ("caf\u{e9}.png", "composed"), ("cafe\u{301}.png", "decomposed"),
            ] {
                #expect(try text(URL(fileURLWithPath: "\(got.path)/\(name)")) == content)
            }
        }
    }

    @Test func onlyWantedEntries() throws {
        try withTemporaryFolder { folder throws in
            let report = try unpack(
                "good.zip", "entries: [\"pictures/*\"], strip: 1", in: folder)
            #expect(report.entries == 2)
            #expect(
                try files(in: folder.appending(path: "output")) == ["got/a.txt", "got/deep/b.bin"])
            #expect(throws: PreparationError.self) {
                try unpack("good.tar", "entries: [\"nothing/*\"]", in: folder)
            }
        }
    }

    /// Links become files of their own names: of links to links too, and none is on the disk.
    @Test func linksWithin() throws {
        try withTemporaryFolder { folder throws in
            #expect(try unpack("links.tar", in: folder).entries == 4)
            let got = folder.appending(path: "output/got")
            for name in ["a", "b", "deep/c", "d"] {
                let file = got.appending(path: name)
                #expect(try text(file) == "bytes")
                var status = stat()
                #expect(lstat(file.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
            }
        }
    }

    @Test(arguments: [
        ("bad-absolute.tar", "entry /tmp/moca-escaped: the path is absolute"),
        ("bad-parent.tar", "entry ../escaped: the path leaves its folder"),
        ("bad-parent-within.tar", "entry a/../../escaped: the path leaves its folder"),
        ("bad-parent.zip", "entry ../escaped: the path leaves its folder"),
        ("bad-state.tar", "entry .moca-prepare/state/x: the path leads to .moca-prepare"),
        ("bad-link-out.tar", "entry l: it links to ../../outside, outside its folder"),
        ("bad-link-absolute.tar", "entry l: it links to /tmp"),
        ("bad-hard-link.tar", "entry l: the path leaves its folder"),
        ("bad-link-loop.tar", "which is not an unpacked file"),
        ("bad-device.tar", "it is neither a file, a folder nor a link"),
        ("bad-file-as-folder.tar", "its folder cannot be made"),
    ])
    func unsafeOnesAreRefused(archive: String, reason: String) throws {
        try withTemporaryFolder { folder throws in
            #expect {
                try unpack(archive, in: folder)
            } throws: { error in
                guard case PreparationError.unsafeEntry = error else { return false }
                return (error as? PreparationError)?.errorDescription?.contains(reason) ?? false
            }
            #expect(try files(in: folder.appending(path: "output")).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: "/tmp/moca-escaped"))
        }
    }

    @Test func cutAndTooLargeOnesAreRefused() throws {
        try withTemporaryFolder { folder throws in
            #expect {
                try unpack("bad-cut.tar.gz", in: folder)
            } throws: { error in
                guard case PreparationError.badArchive = error else { return false }
                return true
            }
            let name = "archives/bad-bomb.tar.gz"
            #expect(throws: PreparationError.tooLarge(archive: name, limit: 2_000_000)) {
                try unpack("bad-bomb.tar.gz", "unpacked_bytes_max: 2_000_000", in: folder)
            }
            #expect(try files(in: folder.appending(path: "output")).isEmpty)
        }
    }

    /// Bytes that are there are compared and kept; a wrong or half file is mended.
    @Test func whatIsThereIsNotWrittenAgain() throws {
        try withTemporaryFolder { folder throws in
            let file = folder.appending(path: "f")
            let data = Array(noise(700_000))
            func take(_ bytes: [UInt8]) throws -> Int {
                let unpacked = try UnpackedFile(file)
                for start in stride(from: 0, to: bytes.count, by: 1 << 18) {
                    let end = min(start + 1 << 18, bytes.count)
                    try bytes[start..<end].withUnsafeBytes { try unpacked.take($0) }
                }
                try unpacked.finish()
                #expect(try Array(Data(contentsOf: file)) == bytes)
                return try #require(FileStamp.modified(file))
            }
            let first = try take(data)
            usleep(20_000)
            #expect(try take(data) == first)
            #expect(truncate(file.path, 300_000) == 0)
            #expect(try take(data) > first)
            var other = data
            other[400_000] ^= 1
            _ = try take(other)
            _ = try take(Array(data[..<10]))
            _ = try take([])
        }
    }

    /// Damaged archives end in an error or in files within the folder, never elsewhere.
    @Test(arguments: ["good.zip", "good.tar", "good.tar.gz", "good.tar.zst", "links.tar"])
    func damagedOnes(archive: String) throws {
        let bytes = try Data(contentsOf: archives.appending(path: archive))
        try withTemporaryFolder { folder throws in
            var state: UInt64 = 7
            func random(_ limit: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % limit
            }
            for round in 0..<12 {
                var damaged = bytes
                for _ in 0...random(4) {
                    damaged[random(min(bytes.count, 2600))] = UInt8(random(256))
                }
                if round % 4 == 0 { damaged = damaged.prefix(random(bytes.count)) }
                let place = folder.appending(path: "\(round)/in/x")
                try write(damaged, to: place)
                let trial = Trial(folder.appending(path: "\(round)"))
                do {
                    try trial.run("sources: [{path: in, archives: [{files: [\"*\"]}]}]")
                } catch let error as PreparationError {
                    #expect(error.kind == .badData, "\(error)")
                }
            }
            let top = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(top.count == 12)
        }
    }

    /// Methods beside deflate, and sizes of 64 bits.
    @Test func otherZipsAreUnpacked() throws {
        try withTemporaryFolder { folder throws in
            #expect(try unpack("good-methods.zip", in: folder).entries == 3)
            let got = folder.appending(path: "output/got")
            for name in ["pictures/a.txt", "pictures/deep/b.bin", "notes/c.txt"] {
                #expect(try text(got.appending(path: name)) == content(name))
            }
            let wide = archives.deletingLastPathComponent().appending(path: "archive")
            try Trial(folder.appending(path: "wide")).run(
                "sources: [{path: \(wide.path), archives: [{files: [zip64.zip], into: got}]}]")
            #expect(
                try !files(in: folder.appending(path: "wide/output/got")).isEmpty)
        }
    }

    /// A method that nobody reads is an error that names archive and entry.
    @Test func unknownMethodsAreNamed() throws {
        try withTemporaryFolder { folder throws in
            var bytes = try Data(contentsOf: archives.appending(path: "good.zip"))
            for (signature, place) in [([0x50, 0x4b, 3, 4], 8), ([0x50, 0x4b, 1, 2], 10)] {
                let found = try #require(bytes.firstRange(of: Data(signature.map(UInt8.init))))
                bytes[found.lowerBound + place] = 77
            }
            try write(bytes, to: folder.appending(path: "in/odd.zip"))
            #expect {
                try Trial(folder).run("sources: [{path: in, archives: [{files: [odd.zip]}]}]")
            } throws: { error in
                guard case PreparationError.badArchive("in/odd.zip", let reason) = error else {
                    return false
                }
                return reason.hasPrefix("entry pictures/a.txt: ")
            }
        }
    }

    /// A tar that is cut off between two entries is told of, unless its size is known.
    @Test func aTarWithoutItsEndIsToldOf() throws {
        try withTemporaryFolder { folder throws in
            let whole = try Data(contentsOf: archives.appending(path: "good.tar"))
            let end = (whole.lastIndex { $0 != 0 } ?? 0) / 512 * 512 + 512
            try write(whole.prefix(end), to: folder.appending(path: "in/cut.tar"))
            try write(whole, to: folder.appending(path: "in/whole.tar"))
            func notes(_ archive: String, _ more: String = "") throws -> [String] {
                let notes = Mutex<[String]>([])
                let manifest = try DataManifest(
                    yaml: "sources: [{path: in, archives: [{files: [\(archive)]}]\(more)}]",
                    file: folder.appending(path: "m.yaml"))
                let output = folder.appending(path: UUID().uuidString)
                try DataPreparation(
                    manifest, output: output,
                    onProgress: { progress in
                        if let text = progress.note { notes.withLock { $0.append(text) } }
                    }
                ).run { _ in }
                return notes.withLock { $0 }
            }
            #expect(try notes("whole.tar").isEmpty)
            let found = try notes("cut.tar")
            #expect(found.count == 1 && found[0].hasPrefix("in/cut.tar: the tar has no mark"))
            let check = ", verify: [{file: cut.tar, size: \(end)}]"
            #expect(try notes("cut.tar", check).isEmpty)
        }
    }
}
