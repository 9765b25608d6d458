import CArchive
import Foundation
import MoCaTestSupport
import Testing

/// Archives and streams against what Python's tarfile, zipfile and gzip say is in them.
@Suite struct ArchiveTests {
    private struct Expected: Decodable {
        var modified: Int64
        var files: [String: Data]
    }

    private func expected() throws -> Expected {
        let data = try Data(contentsOf: fixtures.appendingPathComponent("expected.json"))
        return try JSONDecoder().decode(Expected.self, from: data)
    }

    private func path(_ name: String) -> String { fixtures.appendingPathComponent(name).path }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: fixtures.appendingPathComponent(name))
    }

    /// Writes `parts` to files and reads them as one.
    private func reading(
        _ parts: [Data], _ content: carchive_content = CARCHIVE_ENTRIES
    ) throws -> [Member] {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = temporary.url
        let urls = parts.indices.map { folder.appendingPathComponent("part-\($0)") }
        for (url, part) in zip(urls, parts) { try part.write(to: url) }
        return try members(urls.map(\.path), content)
    }

    @Test(arguments: [
        "pax.tar", "gnu.tar", "gnu.tar.gz", "gnu.tar.zst", "gnu.tar.bz2", "gnu.tar.xz", "plain.zip",
        "zip64.zip", "streamed.zip",
    ])
    func everyMemberHasItsBytes(name: String) throws {
        let expected = try expected()
        let found = try members([path(name)])
        let files = found.filter { $0.type == CARCHIVE_FILE }
        #expect(
            Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.bytes) }) == expected.files)
        for file in files {
            #expect(file.size == Int64(file.bytes.count))
            #expect(file.permissions == 0o640)
            if !name.hasSuffix("zip") { #expect(file.modified == expected.modified) }
        }
        guard !name.hasSuffix("zip") else { return }
        let others = found.filter { $0.type != CARCHIVE_FILE }
        #expect(others.map(\.name) == ["folder/", "soft", "hard", "../outside", "pipe"])
        #expect(
            others.map(\.type) == [
                CARCHIVE_FOLDER, CARCHIVE_SYMBOLIC_LINK, CARCHIVE_HARD_LINK,
                CARCHIVE_SYMBOLIC_LINK, CARCHIVE_OTHER,
            ])
        #expect(others.dropLast().map(\.target) == [nil, "a.txt", "a.txt", "/etc/passwd"])
    }

    @Test func positionsOfAPlainTarLeadToTheContent() throws {
        for name in ["pax.tar", "gnu.tar"] {
            let whole = try bytes(name)
            for member in try members([path(name)]) where member.type == CARCHIVE_FILE {
                let start = Int(member.position)
                #expect(whole[start..<start + member.bytes.count] == member.bytes)
            }
        }
        for name in ["gnu.tar.gz", "gnu.tar.zst", "plain.zip"] {
            #expect(try members([path(name)]).allSatisfy { $0.position == -1 })
        }
    }

    @Test(arguments: [1, 7, 511, 5000])
    func splitArchivesAreReadAsOne(partBytes: Int) throws {
        for name in ["gnu.tar", "gnu.tar.gz", "plain.zip"] {
            let whole = try bytes(name)
            // Small parts at both ends, where headers and the directory of a zip are.
            let inside = [partBytes, whole.count / 2, whole.count - partBytes % 300]
            let cuts = [0] + inside.map { min($0, whole.count) }.sorted() + [whole.count]
            let parts = zip(cuts, cuts.dropFirst()).map { whole[$0..<$1] }
            #expect(try reading(parts) == members([path(name)]))
        }
    }

    @Test(arguments: [
        "lines.txt.gz", "members.txt.gz", "lines.txt.zst", "frames.txt.zst", "lines.txt.bz2",
        "lines.txt.xz",
    ])
    func streamsAreDecompressed(name: String) throws {
        let found = try members([path(name)], CARCHIVE_STREAM)
        #expect(found.map(\.bytes) == [try bytes("lines.txt")])
    }

    @Test func emptyStreamsHaveNoEntry() throws {
        #expect(try members([path("empty.gz")], CARCHIVE_STREAM).map(\.bytes).joined().isEmpty)
        #expect(try members([path("empty.zst")], CARCHIVE_STREAM).map(\.bytes).joined().isEmpty)
    }

    /// No place to cut a stream gives a shorter text.
    @Test(arguments: ["lines.txt.gz", "lines.txt.zst", "lines.txt.bz2", "lines.txt.xz", "empty.gz"])
    func cutStreamsAreRefused(name: String) throws {
        let whole = try bytes(name)
        for count in [whole.count - 1, whole.count - 4, whole.count / 2, 12, 5] {
            #expect(throws: Failed.self, "\(count) of \(whole.count)") {
                _ = try reading([whole.prefix(count)], CARCHIVE_STREAM)
            }
        }
    }

    @Test func changedBytesOfAStreamAreRefused() throws {
        for name in ["lines.txt.gz", "lines.txt.zst", "lines.txt.bz2", "lines.txt.xz"] {
            var bytes = try bytes(name)
            bytes[bytes.count / 2] ^= 1
            #expect(throws: Failed.self, "\(name)") { _ = try reading([bytes], CARCHIVE_STREAM) }
        }
        let trailing = try bytes("lines.txt.gz") + Data("x".utf8)
        #expect(
            throws: Failed(
                status: CARCHIVE_INVALID, text: "something follows the end of the gzip data")
        ) { _ = try reading([trailing], CARCHIVE_STREAM) }
    }

    @Test func whatIsNoArchiveIsRefused() throws {
        #expect(
            throws: Failed(
                status: CARCHIVE_INVALID, text: "the bytes are neither a tar nor a zip archive")
        ) { _ = try members([path("lines.txt")]) }
        #expect(
            throws: Failed(
                status: CARCHIVE_INVALID, text: "the bytes are not gzip, zstd, bzip2 or xz")
        ) { _ = try members([path("lines.txt")], CARCHIVE_STREAM) }
        let absent = path("absent.tar")
        #expect(
            throws: Failed(status: CARCHIVE_IO, text: "\(absent): No such file or directory")
        ) { _ = try members([path("gnu.tar"), absent]) }
        #expect(throws: Failed.self) { _ = try reading([Data()]) }
    }

    /// Cut and changed archives fail with a text or give members, and never crash.
    @Test(arguments: ["pax.tar", "gnu.tar.gz", "gnu.tar.zst", "plain.zip", "streamed.zip"])
    func damagedArchivesNeverCrash(name: String) throws {
        let sound = try bytes(name)
        var failures = 0
        for round in 0..<60 {
            var bytes = sound
            if round % 3 == 0 {
                bytes = bytes.prefix(round * 7919 % (bytes.count / 2))
            } else {
                bytes[round * 7919 % bytes.count] ^= UInt8(1 << (round % 8))
            }
            do {
                _ = try reading([bytes])
            } catch let failed as Failed {
                failures += 1
                #expect(!failed.text.isEmpty)
            }
        }
        #expect(failures >= 20)
    }

    @Test func oneMemberIsInflatedAndVerified() throws {
        // `zlib.compressobj(9, 8, -15)` of 30 letters a, and `zlib.crc32` of the same.
        let deflated: [UInt8] = [0x4b, 0x4c, 0xc4, 0x07, 0x00]
        var out = [UInt8](repeating: 0, count: 30)
        let crc: UInt32 = 0x6bc1_d3c1
        let status = carchive_inflate(deflated, deflated.count, crc, &out, 30)
        #expect(status == CARCHIVE_OK, "\(String(cString: carchive_last_error()))")
        #expect(out == [UInt8](repeating: 0x61, count: 30))
        #expect(carchive_verify(out, 30, crc) == CARCHIVE_OK)
        #expect(carchive_verify(out, 29, crc) == CARCHIVE_INVALID)
        #expect(carchive_inflate(deflated, 2, crc, &out, 30) == CARCHIVE_INVALID)
        #expect(carchive_inflate(deflated, deflated.count, crc, &out, 29) == CARCHIVE_INVALID)
        #expect(carchive_inflate(deflated, deflated.count, crc ^ 1, &out, 30) == CARCHIVE_INVALID)
    }

    /// Whether the mark of the end is there; reads all headers.
    private func lacksEnd(_ url: URL, fromHeader: Bool) throws -> Bool {
        var opened: OpaquePointer?
        if fromHeader {
            try check(carchive_open_tar(url.path, 0, &opened))
        } else {
            let name = strdup(url.path)
            defer { free(name) }
            let paths = [UnsafePointer<CChar>(name)]
            try check(carchive_open(paths, 1, CARCHIVE_ENTRIES, &opened))
        }
        defer { carchive_close(opened) }
        var entry = carchive_entry()
        while true {
            let status = carchive_next(opened, &entry)
            if status == CARCHIVE_END { return carchive_lacks_end(opened) != 0 }
            try check(status)
        }
    }

    @Test func theMarkOfATarsEndIsMissed() throws {
        let names = [
            "pax.tar", "gnu.tar", "gnu.tar.gz", "gnu.tar.bz2", "gnu.tar.xz", "gnu.tar.zst",
        ]
        for name in names + ["plain.zip"] {
            #expect(
                try !lacksEnd(fixtures.appendingPathComponent(name), fromHeader: false), "\(name)")
        }
        let whole = try Data(contentsOf: fixtures.appendingPathComponent("gnu.tar"))
        let end = (whole.lastIndex { $0 != 0 } ?? 0) / 512 * 512 + 512
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("moca-\(UUID().uuidString).tar")
        defer { try? FileManager.default.removeItem(at: url) }
        for (bytes, expected) in [(end, true), (end + 512, false), (end + 1024, false)] {
            try whole.prefix(bytes).write(to: url)
            #expect(try lacksEnd(url, fromHeader: false) == expected, "\(bytes - end)")
            #expect(try lacksEnd(url, fromHeader: true) == expected, "\(bytes - end)")
        }
    }
}
