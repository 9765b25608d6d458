// One run folder, one run: two would write each other's checkpoints and logs.

import Foundation

/// The lock of a run folder. The system lets go of it when the process ends, however that happens.
final class RunLock {
    private static let fileName = ".lock"

    private let url: URL
    private let descriptor: Int32

    /// - Throws: `TrainingError.folderInUse`, `.cannotWrite`.
    init(_ runFolder: URL) throws {
        url = runFolder.appending(path: Self.fileName)
        while true {
            let opened = open(url.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
            guard opened >= 0 else {
                throw TrainingError.cannotWrite(
                    path: url.path, reason: String(cString: strerror(errno)))
            }
            // A file system without locks must not keep anybody from training.
            if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(opened)
                throw TrainingError.folderInUse(path: runFolder.path)
            }
            // The run before may have removed the file after it was opened here.
            if Self.isSame(opened, url) {
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    private static func isSame(_ descriptor: Int32, _ url: URL) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(url.path, &named) == 0
            && held.st_ino == named.st_ino
    }

    deinit {
        // Removed while it is still held; one that stays is locked anew by the next run.
        unlink(url.path)
        close(descriptor)
    }
}
