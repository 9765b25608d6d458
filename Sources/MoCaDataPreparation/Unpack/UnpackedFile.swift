// A file that is unpacked, perhaps for the second time: bytes that are there already are compared
// and kept, so that a finished file is never written again, and a half one goes on where it ends.

import Foundation

/// Takes the bytes of one entry.
final class UnpackedFile {
    private let path: String
    private let descriptor: Int32
    private var position = 0
    /// Bytes on the disk that may still be those of the entry.
    private var older: Int
    private var scratch: [UInt8] = []

    /// Opens the file, and makes it where it is not there.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw PreparationError.writing(path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw PreparationError.reading(path) }
        older = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Takes the next bytes.
    func take(_ bytes: UnsafeRawBufferPointer) throws {
        let same = older > position ? try matching(bytes) : 0
        position += same
        guard same < bytes.count else { return }
        if older > position {
            guard ftruncate(descriptor, off_t(position)) == 0 else {
                throw PreparationError.writing(path)
            }
            older = position
        }
        guard lseek(descriptor, off_t(position), SEEK_SET) == position else {
            throw PreparationError.writing(path)
        }
        try writeAll(descriptor, UnsafeRawBufferPointer(rebasing: bytes[same...]), path)
        position += bytes.count - same
        older = position
    }

    /// Ends the file here.
    func finish() throws {
        guard older <= position || ftruncate(descriptor, off_t(position)) == 0 else {
            throw PreparationError.writing(path)
        }
    }

    /// How many of the bytes are on the disk already: all, or none.
    private func matching(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        if scratch.count < bytes.count { scratch = [UInt8](repeating: 0, count: bytes.count) }
        let wanted = min(bytes.count, older - position)
        return try scratch.withUnsafeMutableBytes { there in
            var count = 0
            while count < wanted {
                let got = pread(
                    descriptor, there.baseAddress?.advanced(by: count), wanted - count,
                    off_t(position + count))
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw PreparationError.reading(path) }
                if got == 0 { break }
                count += got
            }
            guard let old = there.baseAddress, let new = bytes.baseAddress, count == wanted,
                memcmp(old, new, count) == 0
            else { return 0 }
            return count
        }
    }
}
