// A file that appears under its name only when it is complete.

import Foundation

/// Writes beside the destination, and renames when everything is on the disk; what is not finished
/// is removed.
final class OutputFile {
    private static let bufferByteCount = 1 << 20

    let destination: URL
    private let path: String
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    /// - Throws: `VectorError.cannotWrite`.
    init(_ destination: URL) throws {
        self.destination = destination
        path =
            destination.deletingLastPathComponent()
            .appending(path: ".\(destination.lastPathComponent).partial").path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(path)
    }

    /// Appends text.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func append(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    /// Appends bytes.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    /// Gives the file its name.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func finish() throws {
        try flush()
        guard fsync(descriptor) == 0, rename(path, destination.path) == 0 else { throw failure() }
        close(descriptor)
        descriptor = -1
    }

    private func flush() throws {
        guard writeAll(buffer, to: descriptor) else { throw failure() }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failure() -> VectorError {
        .cannotWrite(path: destination.path, reason: String(cString: strerror(errno)))
    }
}

/// Writes all bytes; false, with `errno` set, where that fails.
func writeAll(_ bytes: some ContiguousBytes, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let written = write(descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
