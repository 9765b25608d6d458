import CArchive
import Foundation
import MoCaTestSupport
import Testing

/// Names are the bytes that are stored, in every format that Python writes.
@Suite struct NamesTests {
    private static let composed = "caf\u{e9}.png"
    private static let decomposed = "cafe\u{301}.png"

    /// The names and contents that `scripts/fixtures/archive.py` wrote, as bytes.
    private static var expected: [[UInt8]: Data] {
        [
            Array(composed.utf8): Data("composed".utf8),
            Array(decomposed.utf8): Data("decomposed".utf8),
            Array((String(repeating: "long/", count: 60) + decomposed).utf8): Data("long".utf8),
            Array("\u{1100}\u{1161}/\(decomposed)".utf8): Data("jamo".utf8),
        ]
    }

    @Test(arguments: [
        "names-pax.tar", "names-gnu.tar", "names-ustar.tar", "names-pax.tar.gz",
        "names-pax.tar.xz", "names.zip",
    ])
    func namesAreBytes(archive: String) throws {
        let found = try members([fixtures.appendingPathComponent(archive).path])
        var expected = Self.expected
        if archive.contains("ustar") {
            expected = expected.filter { $0.value != Data("long".utf8) }
        }
        let files = found.filter { $0.type == CARCHIVE_FILE }
        #expect(
            Dictionary(files.map { (Array($0.name.utf8), $0.bytes) }) { $1 } == expected)
        guard !archive.hasSuffix("zip") else { return }
        let link = try #require(found.last)
        #expect(link.type == CARCHIVE_HARD_LINK)
        #expect(Array(link.name.utf8) == Array("link-\(Self.decomposed)".utf8))
        #expect(link.target.map { Array($0.utf8) } == Array(Self.decomposed.utf8))
    }

    /// An archive in pieces is read across their borders.
    @Test(arguments: ["names-pax.tar", "names.zip"])
    func namesOfSplitArchivesAreBytes(archive: String) throws {
        let whole = try Data(contentsOf: fixtures.appendingPathComponent(archive))
        try withTemporaryFolder { folder in
            let cuts = Array(stride(from: 0, to: whole.count, by: 97)) + [whole.count]
            let paths = try zip(cuts, cuts.dropFirst()).enumerated().map { number, part in
                let file = folder.appendingPathComponent("\(number)")
                try whole[part.0..<part.1].write(to: file)
                return file.path
            }
            let found = try members(paths).map { Array($0.name.utf8) }
            let wanted = try members([fixtures.appendingPathComponent(archive).path])
            #expect(found == wanted.map { Array($0.name.utf8) })
        }
    }
}
