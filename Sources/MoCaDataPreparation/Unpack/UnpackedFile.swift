// A file that is unpacked, perhaps for the second time: existing bytes are compared and kept, so
// that a finished file is never rewritten, and a partial one is continued at its end.

import Foundation
import MoCaSystem

/// Writes the bytes of one entry.
final class UnpackedFile {
    private let file: GrowingFile
    private var position = 0
    /// The number of bytes on the disk that may still belong to the entry.
    private var older: Int
    private var scratch: [UInt8] = []

    /// Opens the file, and creates it if it does not exist.
    init(_ url: URL) throws {
        file = try PreparationError.writing { try GrowingFile(url, followsLinks: false) }
        older = try PreparationError.writing { [file] in try file.byteCount() }
    }

    /// Appends the next bytes.
    func take(_ bytes: UnsafeRawBufferPointer) throws {
        let same = older > position ? try matching(bytes) : 0
        position += same
        guard same < bytes.count else { return }
        try PreparationError.writing {
            if older > position { try file.cut(to: position) }
            try file.append(UnsafeRawBufferPointer(rebasing: bytes[same...]))
        }
        position += bytes.count - same
        older = position
    }

    /// Ends the file at the current position.
    func finish() throws {
        guard older > position else { return }
        try PreparationError.writing { try file.cut(to: position) }
    }

    /// The number of bytes that are on the disk already: as many as possible, or 0.
    private func matching(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        if scratch.count < bytes.count { scratch = [UInt8](repeating: 0, count: bytes.count) }
        let wanted = min(bytes.count, older - position)
        return try scratch.withUnsafeMutableBytes { there in
            let buffer = UnsafeMutableRawBufferPointer(rebasing: there[..<wanted])
            let count: Int
            do throws(SystemFileError) {
                count = try file.read(into: buffer, at: position)
            } catch {
                throw PreparationError.cannotRead(path: error.path, reason: error.reason)
            }
            guard count == wanted, let old = buffer.baseAddress, let new = bytes.baseAddress,
                memcmp(old, new, count) == 0
            else { return 0 }
            return count
        }
    }
}
