// The lock of a run folder: two runs at once would overwrite each other's checkpoints and logs.

import Foundation
import MoCaSystem

/// The lock of a run folder, held until the value is released or the process ends.
struct RunLock {
    private static let fileName = ".lock"

    private let lock: FileLock

    /// Locks the folder.
    ///
    /// - Throws: `TrainingError.folderInUse`, `.cannotWrite`.
    init(_ runFolder: URL) throws {
        let url = runFolder.appending(path: Self.fileName)
        do {
            lock = try FileLock(url, removesFile: true)
        } catch {
            throw error.cause == .inUse
                ? TrainingError.folderInUse(path: runFolder.path)
                : .cannotWrite(path: url.path, reason: error.reason)
        }
    }
}
