// A file that is read at any place by any number of threads; and a compressed file made into one.

package import Foundation

/// An open file; reading does not move anything, so threads need no lock.
package final class RandomAccessFile: Sendable {
    /// What errors call it.
    package let path: String
    private let descriptor: Int32

    /// Opens a file.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`.
    package init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT
                ? DataError.fileMissing(path: path)
                : DataError.inputOutput(path: path, reason: String(cString: strerror(code)))
        }
    }

    /// Takes over an open descriptor; errors call it `path`.
    fileprivate init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close(descriptor)
    }

    /// The file under a name that C functions can open, even where it has no other name.
    var descriptorPath: String { "/dev/fd/\(descriptor)" }

    /// Bytes of the file.
    ///
    /// - Throws: `DataError.inputOutput`.
    package func byteCount() throws -> Int {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw failure() }
        return Int(found.st_size)
    }

    /// The `count` bytes at `offset`, fewer at the end of the file.
    ///
    /// - Throws: `DataError.inputOutput`.
    package func read(at offset: Int, count: Int) throws -> Data {
        // A number from a damaged file may ask for more than there is memory for.
        let count = min(count, max(0, try byteCount() - max(0, offset)))
        var bytes = Data(count: count)
        var have = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor, buffer.baseAddress?.advanced(by: have), count - have,
                    off_t(offset + have))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure() }
            guard got > 0 else { return bytes.prefix(have) }
            have += got
        }
        return bytes
    }

    private func failure() -> DataError {
        .inputOutput(path: path, reason: String(cString: strerror(errno)))
    }

    /// Decompresses the file at `url` once, and gives the bytes on the way to `visit`.
    ///
    /// None of gzip, zstd, bzip2 and xz can begin in the middle. The bytes could be decompressed
    /// again for each block, which costs the square of the file when rows are drawn at random, or
    /// stay in memory, which does not end well either. They go to a file in the temporary folder
    /// (`$TMPDIR`), which has no name from its first moment, so nothing is left over after a kill:
    /// the price is disk, as much as the bytes are when they are not compressed.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`, `.cannotUnpack`, or what `visit`
    ///   throws.
    static func decompressed(
        _ url: URL, _ visit: (Data) throws -> Void = { _ in }
    ) throws -> RandomAccessFile {
        let stream = try ArchiveReader(stream: url)
        let folder = FileManager.default.temporaryDirectory.path
        func failure() -> DataError {
            .cannotUnpack(
                path: url.path, folder: folder, reason: String(cString: strerror(errno)))
        }
        var template = Array("\(folder)/moca-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure() }
        let file = RandomAccessFile(descriptor: descriptor, path: url.path)
        unlink(template)
        while let chunk = try stream.read(upTo: 1 << 20) {
            try visit(chunk)
            try chunk.withUnsafeBytes { bytes in
                var done = 0
                while done < bytes.count {
                    let start = bytes.baseAddress?.advanced(by: done)
                    let count = write(descriptor, start, bytes.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count >= 0 else { throw failure() }
                    done += count
                }
            }
        }
        return file
    }
}
