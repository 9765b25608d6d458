// An archive of a manifest, with errors that use the manifest's name.

import Foundation
import MoCaTables

/// Reads one archive entry by entry; the parts of a split archive are read in order.
final class NamedArchive {
    private let name: String
    private let reader: ArchiveReader
    private var entryName: String?

    /// - Parameters:
    ///   - name: The archive's name in errors.
    ///   - parts: The files of the archive, in order.
    /// - Throws: `PreparationError.cannotRead`, `.badArchive`.
    init(_ name: String, parts: [URL]) throws {
        self.name = name
        do {
            reader = try ArchiveReader(parts)
        } catch let error as DataError {
            throw Self.error(error, archive: name, entry: nil)
        }
    }

    /// Bytes of the parts read so far.
    var consumedByteCount: Int { reader.consumedByteCount }

    /// Whether a tar ended without its end mark; known after the last entry.
    var lacksEnd: Bool { reader.lacksEnd }

    /// The next entry; nil after the last.
    ///
    /// - Throws: `PreparationError.cannotRead`, `.badArchive`, `.unsafeEntry`.
    func next() throws -> ArchiveReader.Entry? {
        guard let entry = try naming({ try reader.next() }) else { return nil }
        guard entry.hasValidName else {
            throw PreparationError.unsafeEntry(
                archive: name, entry: entry.name, reason: "its name is not UTF-8")
        }
        entryName = entry.name
        if entry.isEncrypted {
            throw PreparationError.badArchive(
                archive: name, reason: "entry \(entry.name) needs a password")
        }
        return entry
    }

    /// The next bytes of the entry; nil at its end.
    ///
    /// - Throws: `PreparationError.cannotRead`, `.badArchive`.
    func read() throws -> Data? {
        try naming { try reader.read(upTo: 1 << 18) }
    }

    private func naming<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DataError {
            throw Self.error(error, archive: name, entry: entryName)
        }
    }

    private static func error(
        _ error: DataError, archive: String, entry: String?
    ) -> any Error {
        let place = entry.map { "entry \($0): " } ?? ""
        switch error {
        case .inputOutput(_, let reason):
            return PreparationError.cannotRead(path: archive, reason: place + reason)
        case .unreadableArchive(_, _, let reason):
            return PreparationError.badArchive(archive: archive, reason: place + reason)
        default: return error
        }
    }
}
