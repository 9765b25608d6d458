// An archive entry by entry; the parts of a split one are read one after the other.

import CArchive
import Foundation

/// Reads one archive.
final class ArchiveReader {
    private static let bufferBytes = 1 << 18

    /// What one entry is.
    struct Entry {
        enum Kind {
            case file, folder, symbolicLink, hardLink, other
        }

        /// As it is stored.
        let name: String
        let kind: Kind
        /// What a link points to.
        let target: String
    }

    private let name: String
    private var reader: OpaquePointer?
    private var entryName: String?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ArchiveReader.bufferBytes, alignment: 16)

    /// - Parameters:
    ///   - name: names the archive in messages.
    ///   - parts: in order.
    init(_ name: String, parts: [URL]) throws {
        self.name = name
        let paths = parts.map { strdup($0.path) }
        defer { for path in paths { free(path) } }
        let constant = paths.map { UnsafePointer($0) }
        let status = constant.withUnsafeBufferPointer { pointers in
            carchive_open(
                pointers.baseAddress, Int64(pointers.count), CARCHIVE_ENTRIES, &reader)
        }
        try check(status)
    }

    deinit {
        carchive_close(reader)
        buffer.deallocate()
    }

    /// Bytes of the parts that were read so far.
    var consumed: Int { Int(carchive_consumed(reader)) }

    /// Whether a tar ended without the mark of its end; known after the last entry.
    var lacksEnd: Bool { carchive_lacks_end(reader) != 0 }

    /// The next entry; nil after the last.
    func next() throws -> Entry? {
        var entry = carchive_entry()
        let status = carchive_next(reader, &entry)
        if status == CARCHIVE_END { return nil }
        try check(status)
        guard let name = String(validatingCString: entry.name) else {
            throw PreparationError.unsafeEntry(
                archive: name, entry: String(cString: entry.name), reason: "its name is not UTF-8")
        }
        entryName = name
        if entry.is_encrypted != 0 {
            throw PreparationError.badArchive(
                archive: self.name, reason: "entry \(name) needs a password")
        }
        let kind: Entry.Kind
        switch entry.type {
        case CARCHIVE_FILE: kind = .file
        case CARCHIVE_FOLDER: kind = .folder
        case CARCHIVE_SYMBOLIC_LINK: kind = .symbolicLink
        case CARCHIVE_HARD_LINK: kind = .hardLink
        default: kind = .other
        }
        return Entry(
            name: name, kind: kind, target: entry.target.map { String(cString: $0) } ?? "")
    }

    /// The next bytes of the entry; empty at its end. They are valid until the next call.
    func read() throws -> UnsafeRawBufferPointer {
        var count = 0
        try check(carchive_read(reader, buffer.baseAddress, buffer.count, &count))
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    private func check(_ status: carchive_status) throws {
        guard status != CARCHIVE_OK else { return }
        let place = entryName.map { "entry \($0): " } ?? ""
        let reason = place + String(cString: carchive_last_error())
        throw status == CARCHIVE_IO
            ? PreparationError.cannotRead(path: name, reason: reason)
            : PreparationError.badArchive(archive: name, reason: reason)
    }
}
