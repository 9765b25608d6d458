// A file that any number of threads read at any offset.

package import Foundation

/// An open file; reading does not move a file position, so threads need no lock.
package final class RandomAccessFile: Sendable {
    /// The name of the file in errors.
    package let path: String
    private let descriptor: Int32
    private let failure: @Sendable (SystemFileError) -> any Error

    /// Opens a file.
    ///
    /// - Parameter failure: makes the error that opening and reading throw.
    package init(
        opening path: String,
        failure: @escaping @Sendable (SystemFileError) -> any Error = { $0 }
    ) throws {
        (self.path, self.failure) = (path, failure)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(SystemFileError(path: path, code: errno)) }
    }

    /// Creates an unnamed file in `folder` and writes it: it is deleted with its last reference,
    /// and a killed process leaves nothing behind.
    ///
    /// - Parameters:
    ///   - path: the name of the file in errors of reading.
    ///   - failure: makes the error that reading throws.
    ///   - write: calls its argument with the bytes, in order.
    /// - Throws: `SystemFileError` for `folder`, errors of `write`.
    package init(
        temporaryIn folder: URL, path: String,
        failure: @escaping @Sendable (SystemFileError) -> any Error = { $0 },
        _ write: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        (self.path, self.failure) = (path, failure)
        var template = Array("\(folder.path)/moca-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw SystemFileError(path: folder.path, code: errno) }
        unlink(template)
        try write { [descriptor] bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let chunk = UnsafeRawBufferPointer(rebasing: rest)
                rest = rest.dropFirst(try SystemCall.write(chunk, to: descriptor, folder.path))
            }
        }
    }

    deinit {
        close(descriptor)
    }

    /// A path by which C functions can open the file, even if it has no name.
    package var descriptorPath: String { "/dev/fd/\(descriptor)" }

    /// The number of bytes in the file.
    package func byteCount() throws -> Int {
        do {
            return try FileLock.byteCount(descriptor, path)
        } catch {
            throw failure(error)
        }
    }

    /// Returns the `count` bytes at `offset`, fewer at the end of the file.
    package func read(at offset: Int, count: Int) throws -> Data {
        // A count from a damaged file may exceed the available memory.
        let count = min(count, max(0, try byteCount() - max(0, offset)))
        var bytes = Data(count: count)
        let got = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(SystemFileError) in
                try Self.read(descriptor, into: buffer, at: offset, path)
            }
        }
        return bytes.prefix(try got.mapError(failure).get())
    }

    /// Fills a buffer from an open file, up to the end of the file.
    static func read(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int,
        _ path: String
    ) throws(SystemFileError) -> Int {
        var count = 0
        while count < buffer.count {
            let got = pread(
                descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count,
                off_t(offset + count))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemFileError(path: path, code: errno) }
            if got == 0 { break }
            count += got
        }
        return count
    }
}
