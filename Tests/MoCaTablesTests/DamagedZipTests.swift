import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing
@testable import MoCaTables

/// Zip files whose directory says what cannot be: APPNOTE 4.3, with the wide numbers of 4.5.3.
@Suite struct DamagedZipTests {
    private let content = Data("abc".utf8)

    private func bytes(_ numbers: [(value: UInt64, count: Int)]) -> Data {
        Data(
            numbers.flatMap { number in
                (0..<number.count).map { UInt8(truncatingIfNeeded: number.value >> (8 * $0)) }
            })
    }

    /// A zip of the member `a.txt`, with such numbers in its directory.
    private func zip(compressed: UInt64, size: UInt64, header: UInt64) -> Data {
        let name = Data("a.txt".utf8)
        let crc: UInt64 = 0x3524_41c2
        let local =
            bytes([
                (0x0403_4b50, 4), (45, 2), (0, 2), (0, 2), (0, 4), (crc, 4), (3, 4), (3, 4), (5, 2),
                (0, 2),
            ]) + name + content
        let directory =
            bytes([
                (0x0201_4b50, 4), (45, 2), (45, 2), (0, 2), (0, 2), (0, 4), (crc, 4),
                (0xffff_ffff, 4), (0xffff_ffff, 4), (5, 2), (28, 2), (0, 2), (0, 2), (0, 2), (0, 4),
                (0xffff_ffff, 4),
            ]) + name + bytes([(1, 2), (24, 2), (size, 8), (compressed, 8), (header, 8)])
        let end = bytes([
            (0x0605_4b50, 4), (0, 2), (0, 2), (1, 2), (1, 2), (UInt64(directory.count), 4),
            (UInt64(local.count), 4), (0, 2),
        ])
        return local + directory + end
    }

    @Test func numbersBeyondTheArchiveAreRefused() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a.zip")
            func read(_ compressed: UInt64, _ size: UInt64, _ header: UInt64) throws -> Data? {
                try zip(compressed: compressed, size: size, header: header).write(to: url)
                return try ImageArchive(url.path).bytes("a.txt")
            }
            #expect(try read(3, 3, 0) == content)
            let most = UInt64(Int.max)
            for (compressed, size, header) in [
                (1 << 62, 1 << 62, 0), (most, most, 0), (3, 3, most), (3, 3, 1 << 62),
                (most, 3, most), (4, 4, 0), (most - 20, 3, 20),
            ] as [(UInt64, UInt64, UInt64)] {
                let error = dataError { _ = try read(compressed, size, header) }
                guard case .unreadableArchive(url.path, "a.txt", let reason) = error else {
                    Issue.record("\(compressed), \(header): \(String(describing: error))")
                    continue
                }
                #expect(reason.contains("beyond"))
            }
            // Before a self-extracting zip stands a program.
            try (Data(count: 100) + zip(compressed: 3, size: 3, header: 0)).write(to: url)
            #expect(try ImageArchive(url.path).bytes("a.txt") == content)
        }
    }

    @Test func readingBeyondTheEndTakesNoMemory() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("a")
            try content.write(to: url)
            let file = try RandomAccessFile(url.path)
            #expect(try file.read(at: 1, count: 1 << 62) == Data("bc".utf8))
            #expect(try file.read(at: Int.max, count: 8).isEmpty)
        }
    }
}
