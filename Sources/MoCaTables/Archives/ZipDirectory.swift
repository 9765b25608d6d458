// The central directory of a zip file (APPNOTE 6.3.10, sections 4.3.7 to 4.5.3), and its members.

import CArchive
import Foundation
import MoCaCore
import MoCaSystem

/// The members of a zip file by name, with random access.
struct ZipDirectory: Sendable {
    /// The location of a member and how it is stored.
    struct Member: Sendable {
        /// The offset of its local header, as stated in the directory.
        var header: Int
        var compressedByteCount: Int
        var byteCount: Int
        var crc: UInt32
        var method: Int
        var isEncrypted: Bool
    }

    /// The reason why a directory or a member cannot be read.
    struct Failure: Error, Equatable {
        var reason: String
        /// What to do about an intact archive; nil for a damaged one.
        var remedy: String?

        /// The error that names archive and entry.
        func error(path: String, entry: String?) -> DataError {
            guard let remedy else {
                return .unreadableArchive(path: path, entry: entry, reason: reason)
            }
            return .unsupportedFile(path: path, entry: entry, reason: reason, remedy: remedy)
        }
    }

    private static let endSignature = 0x0605_4b50
    private static let end64LocatorSignature = 0x0706_4b50
    private static let end64Signature = 0x0606_4b50
    private static let memberSignature = 0x0201_4b50
    private static let localSignature = 0x0403_4b50
    /// The approximate maximum expansion of deflate.
    private static let inflationMax = 1032

    private(set) var members: [ExactText: Member] = [:]
    /// The offset of the directory: the members' data ends before it.
    private let start: Int
    /// The number of bytes before the zip file.
    private let shift: Int

    /// Reads the directory.
    ///
    /// - Throws: `Failure`, `DataError.inputOutput`.
    init(_ file: RandomAccessFile) throws {
        let end = try Self.end(file)
        let directory = try file.read(at: end.start, count: end.byteCount)
        guard directory.count == end.byteCount else { throw Self.damage }
        (start, shift) = (end.start, end.shift)
        var place = 0
        while place + 46 <= directory.count, directory.number(place, 4) == Self.memberSignature {
            let lengths = try [28, 30, 32].map { try directory.required(place + $0, 2) }
            let next = place + 46 + lengths.reduce(0, +)
            guard next <= directory.count else { throw Self.damage }
            let name = ZipName.decoded(
                directory[place + 46..<place + 46 + lengths[0]],
                isUTF8: try directory.required(place + 8, 2) & 0x800 != 0)
            let member = try Self.member(
                directory, place, extra: place + 46 + lengths[0]..<next - lengths[2])
            if !name.hasSuffix("/") { members[ExactText(ImageArchive.normalized(name))] = member }
            place = next
        }
        guard place == directory.count else { throw Self.damage }
    }

    private static var damage: Failure { Failure(reason: "the zip directory is damaged") }
    private static var outside: Failure {
        Failure(reason: "the zip directory says that it reaches beyond the members of the archive")
    }

    /// Finds the directory; `shift` is the number of bytes before the zip file, as in
    /// self-extracting archives.
    private static func end(
        _ file: RandomAccessFile
    ) throws -> (start: Int, byteCount: Int, shift: Int) {
        let size = try file.byteCount()
        let tailStart = max(0, size - 22 - 0xffff - 20)
        let tail = try file.read(at: tailStart, count: size - tailStart)
        let places = stride(from: tail.count - 22, through: 0, by: -1)
        guard
            let place = places.first(where: {
                tail.number($0, 4) == endSignature
                    && tail.number($0 + 20, 2) == tail.count - $0 - 22
            })
        else { throw Failure(reason: "it is no zip file, or is cut off") }
        var (byteCount, start) = (
            try tail.required(place + 12, 4), try tail.required(place + 16, 4)
        )
        var directoryEnd = tailStart + place
        if tail.number(place - 20, 4) == end64LocatorSignature {
            directoryEnd = try tail.required(place - 12, 8)
            let end64 = try file.read(at: directoryEnd, count: 56)
            guard end64.number(0, 4) == end64Signature else { throw damage }
            (byteCount, start) = (try end64.required(40, 8), try end64.required(48, 8))
        }
        guard byteCount <= directoryEnd, start <= directoryEnd - byteCount else { throw damage }
        return (directoryEnd - byteCount, byteCount, directoryEnd - byteCount - start)
    }

    private static func member(
        _ directory: Data, _ place: Int, extra: Range<Int>
    ) throws -> Member {
        let wide = try zip64(directory, extra)
        var used = 0
        // The wide fields contain only values whose narrow field is full.
        func number(_ offset: Int) throws -> Int {
            let narrow = try directory.required(place + offset, 4)
            guard narrow == 0xffff_ffff, used < wide.count else { return narrow }
            used += 1
            return wide[used - 1]
        }
        let byteCount = try number(24)
        let compressed = try number(20)
        let header = try number(42)
        return Member(
            header: header, compressedByteCount: compressed, byteCount: byteCount,
            crc: UInt32(try directory.required(place + 16, 4)),
            method: try directory.required(place + 10, 2),
            isEncrypted: try directory.required(place + 8, 2) & 1 != 0)
    }

    /// The values of the extra field 1.
    private static func zip64(_ directory: Data, _ extra: Range<Int>) throws -> [Int] {
        var place = extra.lowerBound
        while place + 4 <= extra.upperBound {
            let count = try directory.required(place + 2, 2)
            guard place + 4 + count <= extra.upperBound else { throw damage }
            if directory.number(place, 2) == 1 {
                return try stride(from: 0, to: count - 7, by: 8).map {
                    try directory.required(place + 4 + $0, 8)
                }
            }
            place += 4 + count
        }
        return []
    }

    /// Reads the bytes of a member and verifies its checksum.
    ///
    /// - Throws: `Failure`, `DataError.inputOutput`.
    func bytes(of member: Member, in file: RandomAccessFile) throws -> Data {
        guard !member.isEncrypted else {
            throw Failure(
                reason: "it is encrypted", remedy: "write the archive without a password")
        }
        // Both values may be up to the maximum, so nothing is added to them here.
        let room = start - shift - 30
        guard member.header <= room, member.compressedByteCount <= room - member.header else {
            throw Self.outside
        }
        let header = try file.read(at: member.header + shift, count: 30)
        guard header.count == 30, header.number(0, 4) == Self.localSignature else {
            throw Self.damage
        }
        let first =
            try member.header + shift + 30
            + header.required(26, 2) + header.required(28, 2)
        guard first + member.compressedByteCount <= start else { throw Self.outside }
        let stored = try file.read(at: first, count: member.compressedByteCount)
        guard stored.count == member.compressedByteCount else {
            throw Failure(reason: "the archive ends too early")
        }
        switch member.method {
        case 0:
            guard member.byteCount == stored.count else { throw Self.damage }
            let status = stored.withUnsafeBytes {
                carchive_verify($0.baseAddress, $0.count, member.crc)
            }
            try Self.check(status)
            return stored
        case 8: return try Self.inflated(stored, member)
        default:
            throw Failure(
                reason: Self.unreadable(method: member.method),
                remedy: "unpack the archive, or write it anew with deflate")
        }
    }

    private static func unreadable(method: Int) -> String {
        let names = [
            9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd",
        ]
        return "its compression \(names[method] ?? "method \(method)") is not read in place"
    }

    private static func inflated(_ stored: Data, _ member: Member) throws -> Data {
        guard member.byteCount / inflationMax <= stored.count else { throw damage }
        var bytes = Data(count: member.byteCount)
        let status = bytes.withUnsafeMutableBytes { out in
            stored.withUnsafeBytes { bytes in
                carchive_inflate(
                    bytes.baseAddress, bytes.count, member.crc, out.baseAddress, out.count)
            }
        }
        try check(status)
        return bytes
    }

    private static func check(_ status: carchive_status) throws {
        guard status != CARCHIVE_OK else { return }
        throw Failure(reason: String(cString: carchive_last_error()))
    }
}

extension Data {
    /// The little-endian integer of `count` bytes at `offset`; nil if it is out of range, or
    /// overflows an `Int`.
    fileprivate func number(_ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset <= self.count - count else { return nil }
        var value: UInt64 = 0
        for index in (0..<count).reversed() {
            value = value << 8 | UInt64(self[startIndex + offset + index])
        }
        return Int(exactly: value)
    }

    /// - Throws: `ZipDirectory.Failure`.
    fileprivate func required(_ offset: Int, _ count: Int) throws -> Int {
        guard let value = number(offset, count) else {
            throw ZipDirectory.Failure(reason: "the zip directory is damaged")
        }
        return value
    }
}
