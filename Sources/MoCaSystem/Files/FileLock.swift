// A lock between processes, held by an open file.

package import Foundation

/// A lock that the system releases when the process ends, for whatever reason.
///
/// File systems without locks are tolerated: there, a second process is not excluded.
package final class FileLock: Sendable {
    private let url: URL
    private let descriptor: Int32
    private let removesFile: Bool

    /// Locks the file `url`, which is created if it does not exist.
    ///
    /// - Parameter removesFile: whether the file is removed when the lock is released.
    /// - Throws: `SystemFileError`; with the cause `.inUse` if another process holds the lock.
    package convenience init(_ url: URL, removesFile: Bool = false) throws(SystemFileError) {
        try self.init(url, flags: O_CREAT | O_RDWR, waits: false, removesFile: removesFile)
    }

    /// Locks an existing folder.
    ///
    /// - Parameter waits: whether to wait for another process that holds the lock.
    convenience init(folder url: URL, waits: Bool = false) throws(SystemFileError) {
        try self.init(url, flags: O_RDONLY | O_DIRECTORY, waits: waits, removesFile: false)
    }

    private init(
        _ url: URL, flags: Int32, waits: Bool, removesFile: Bool
    ) throws(SystemFileError) {
        (self.url, self.removesFile) = (url, removesFile)
        while true {
            let opened = try SystemCall.open.perform(url.path) {
                open(url.path, flags | O_CLOEXEC, 0o644)
            }
            do {
                try Self.lock(opened, waits: waits, url)
            } catch {
                close(opened)
                throw error
            }
            // The previous holder may have removed or moved the file after it was opened here.
            if Self.isFile(opened, at: url) {
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    deinit {
        // The next holder locks a file that remains: a failure here does no harm.
        if removesFile { unlink(url.path) }
        close(descriptor)
    }

    /// Locks an open file.
    static func lock(_ descriptor: Int32, waits: Bool, _ url: URL) throws(SystemFileError) {
        do {
            try SystemCall.lock.perform(url.path) {
                flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB)
            }
        } catch {
            guard error.cause != .inUse else { throw error }
        }
    }

    /// Whether an open file is the one named `url`.
    static func isFile(_ descriptor: Int32, at url: URL) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(url.path, &named) == 0
            && held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }

    /// The number of bytes in an open file.
    static func byteCount(_ descriptor: Int32, _ path: String) throws(SystemFileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemFileError(path: path, code: errno)
        }
        return Int(status.st_size)
    }
}
