// Reads archives and compressed streams through the C functions of CArchive.

import CArchive
package import Foundation
import MoCaSystem

/// An archive whose entries are visited in order, or a compressed stream. Not thread-safe.
///
///     let archive = try ArchiveReader([url])
///     while let entry = try archive.next() { let bytes = try archive.readAll() }
package final class ArchiveReader {
    /// The header of an entry.
    package struct Entry: Sendable, Equatable {
        /// The type of an entry.
        package enum Kind: Sendable {
            case file, folder, symbolicLink, hardLink, other
        }

        /// The path within the archive, as stored: it may be absolute or contain `..`. Bytes that
        /// are not UTF-8 are replaced; in a zip they are read in code page 437.
        package var name: String
        /// Whether all bytes of the stored path were read.
        package var hasValidName: Bool
        package var kind: Kind
        /// The target of a link.
        package var target: String?
        /// The size of the content in bytes; nil if it is known only after reading.
        package var byteCount: Int?
        /// The offset of the content in an uncompressed tar; nil for other archives.
        package var offset: Int?
        /// The offset of the headers in an uncompressed tar.
        package var headerOffset: Int
        /// Whether the content is encrypted.
        package var isEncrypted: Bool
    }

    private let reader: OpaquePointer
    private let path: String
    private let isStream: Bool
    private var entryName: String?

    /// Opens an archive of any format; several files are the parts of a split archive, in order.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.inputOutput`.
    package init(_ urls: [URL]) throws {
        path = urls.first?.path ?? ""
        isStream = false
        reader = try Self.open(path, isStream: false) { opened in
            Self.withPaths(urls) { carchive_open($0, Int64($1), CARCHIVE_ENTRIES, &opened) }
        }
    }

    /// Opens a compressed file as a stream of its decompressed bytes.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`.
    package init(stream url: URL) throws {
        path = url.path
        isStream = true
        reader = try Self.open(path, isStream: true) { opened in
            Self.withPaths([url]) { carchive_open($0, Int64($1), CARCHIVE_STREAM, &opened) }
        }
        var entry = carchive_entry()
        // Without an entry the stream is empty, and reading returns no bytes.
        let status = carchive_next(reader, &entry)
        if status != CARCHIVE_END { try check(status) }
    }

    /// Opens an uncompressed tar at the headers of an entry; errors name it `path`.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.inputOutput`.
    init(tar file: RandomAccessFile, from headerOffset: Int) throws {
        path = file.path
        isStream = false
        reader = try Self.open(file.path, isStream: false) { opened in
            carchive_open_tar(file.descriptorPath, Int64(headerOffset), &opened)
        }
    }

    deinit {
        carchive_close(reader)
    }

    private static func withPaths(
        _ urls: [URL], _ body: (UnsafePointer<UnsafePointer<CChar>?>, Int) -> carchive_status
    ) -> carchive_status {
        let names = urls.map { strdup($0.path) }
        defer { names.forEach { free($0) } }
        return names.map { UnsafePointer<CChar>($0) }.withUnsafeBufferPointer { pointers in
            guard let base = pointers.baseAddress else {
                preconditionFailure("an archive has at least one file")
            }
            return body(base, pointers.count)
        }
    }

    private static func open(
        _ path: String, isStream: Bool, _ body: (inout OpaquePointer?) -> carchive_status
    ) throws -> OpaquePointer {
        var opened: OpaquePointer?
        try check(body(&opened), path: path, entry: nil, isStream: isStream)
        guard let opened else { preconditionFailure("an open archive is never NULL") }
        return opened
    }

    /// Converts a status to the error that names file and entry. The message is read on the thread
    /// of the failed call.
    private static func check(
        _ status: carchive_status, path: String, entry: String?, isStream: Bool
    ) throws {
        guard status != CARCHIVE_OK else { return }
        let reason = String(cString: carchive_last_error())
        if reason.contains("too much memory") {
            throw DataError.unsupportedFile(
                path: path, entry: entry,
                reason: "its zstd window is larger than the 128 MiB that the decoder allows",
                remedy: "compress it again without --long, or decompress it with zstd --long=31")
        }
        switch status {
        case CARCHIVE_IO: throw DataError.inputOutput(path: path, reason: reason)
        case _ where isStream: throw DataError.unreadableFile(path: path, reason: reason)
        default: throw DataError.unreadableArchive(path: path, entry: entry, reason: reason)
        }
    }

    private func check(_ status: carchive_status) throws {
        try Self.check(status, path: path, entry: entryName, isStream: isStream)
    }

    /// The next entry; nil after the last.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.inputOutput`.
    package func next() throws -> Entry? {
        var entry = carchive_entry()
        let status = carchive_next(reader, &entry)
        if status == CARCHIVE_END { return nil }
        try check(status)
        let stored = String(validatingCString: entry.name)
        let bytes = UnsafeRawBufferPointer(start: entry.name, count: strlen(entry.name))
        let name = stored ?? ZipName.decoded(bytes, isUTF8: entry.is_zip == 0)
        entryName = name
        return Entry(
            name: name, hasValidName: stored != nil || entry.is_zip != 0,
            kind: Self.kind(entry.type),
            target: entry.target.map { String(cString: $0) },
            byteCount: entry.size < 0 ? nil : Int(entry.size),
            offset: entry.position < 0 ? nil : Int(entry.position),
            headerOffset: Int(entry.header), isEncrypted: entry.is_encrypted != 0)
    }

    private static func kind(_ type: carchive_type) -> Entry.Kind {
        switch type {
        case CARCHIVE_FILE: .file
        case CARCHIVE_FOLDER: .folder
        case CARCHIVE_SYMBOLIC_LINK: .symbolicLink
        case CARCHIVE_HARD_LINK: .hardLink
        default: .other
        }
    }

    /// Whether a tar ended without its end mark, as if it was cut off between two entries; known
    /// when `next` has returned nil.
    package var lacksEnd: Bool { carchive_lacks_end(reader) != 0 }

    /// Bytes of the files read so far.
    package var consumedByteCount: Int { Int(carchive_consumed(reader)) }

    /// The next bytes of the entry or stream; nil at its end.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.unreadableFile`, `.inputOutput`.
    package func read(upTo byteCount: Int) throws -> Data? {
        var chunk = Data(count: byteCount)
        var count = 0
        let status = chunk.withUnsafeMutableBytes { bytes in
            carchive_read(reader, bytes.baseAddress, bytes.count, &count)
        }
        try check(status)
        guard count > 0 else { return nil }
        return count == byteCount ? chunk : chunk.prefix(count)
    }

    /// Reads the rest of the entry or stream.
    ///
    /// - Throws: as `read`.
    package func readAll() throws -> Data {
        var bytes = Data()
        while let chunk = try read(upTo: 1 << 18) { bytes.append(chunk) }
        return bytes
    }
}
