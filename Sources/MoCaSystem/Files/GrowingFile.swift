// A file that supports appending, truncation, and reading at any offset.

package import Foundation

/// An open file that grows at its end.
package final class GrowingFile: Sendable {
    package let url: URL
    private let descriptor: Int32

    /// Opens the file, and creates an empty one if it does not exist.
    ///
    /// - Parameter followsLinks: whether a symbolic link is followed; false refuses it.
    package init(_ url: URL, followsLinks: Bool = true) throws(SystemFileError) {
        self.url = url
        let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (followsLinks ? 0 : O_NOFOLLOW)
        descriptor = try SystemCall.open.perform(url.path) { open(url.path, flags, 0o666) }
    }

    deinit {
        close(descriptor)
    }

    /// Keeps other processes from locking the file while it is open.
    ///
    /// - Throws: `SystemFileError` with the cause `.inUse`.
    package func lock() throws(SystemFileError) {
        try FileLock.lock(descriptor, waits: false, url)
    }

    /// Waits until no other process holds the lock, and takes it.
    func waitForLock() throws(SystemFileError) {
        try FileLock.lock(descriptor, waits: true, url)
    }

    /// Whether the file still has its name: another process may have moved or removed it.
    var hasName: Bool { FileLock.isFile(descriptor, at: url) }

    /// Gives the file the permissions `mode`.
    func setMode(_ mode: mode_t) throws(SystemFileError) {
        try SystemCall.setMode.perform(url.path) { fchmod(descriptor, mode) }
    }

    /// The number of bytes in the file.
    package func byteCount() throws(SystemFileError) -> Int {
        try FileLock.byteCount(descriptor, url.path)
    }

    /// Appends bytes.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemFileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            rest = rest.dropFirst(try SystemCall.write(chunk, to: descriptor, url.path))
        }
    }

    /// Appends the bytes of a value.
    package func append(_ bytes: some ContiguousBytes) throws(SystemFileError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(SystemFileError) in try append(bytes) }
        }.get()
    }

    /// Truncates the file to its first `byteCount` bytes.
    package func cut(to byteCount: Int) throws(SystemFileError) {
        try SystemCall.truncate.perform(url.path) { ftruncate(descriptor, off_t(byteCount)) }
    }

    /// Fills a buffer with the bytes at `offset`.
    ///
    /// - Returns: the number of bytes read, less than the buffer's size only at the end of the
    ///   file.
    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemFileError) -> Int {
        try RandomAccessFile.read(descriptor, into: buffer, at: offset, url.path)
    }

    /// Waits until everything is on disk.
    package func synchronize() throws(SystemFileError) {
        try SystemCall.synchronize.perform(url.path) { fsync(descriptor) }
    }
}
