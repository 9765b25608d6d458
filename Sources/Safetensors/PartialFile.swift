// A file that appears under its name only when it is complete.

import Foundation

/// Writes beside the destination, and renames when everything is on the disk; what is not finished
/// is removed.
///
/// The partial file `.NAME.partial` is locked, so that two processes do not write it at once; one
/// left by a killed process is taken over.
final class PartialFile {
    /// Where the file will be.
    let destination: URL
    private let path: String
    private var descriptor: Int32

    /// Creates the partial file.
    ///
    /// - Throws: `SafetensorsError.cannotCreate`, `.beingWritten`.
    init(_ destination: URL) throws {
        self.destination = destination
        path =
            destination.deletingLastPathComponent()
            .appendingPathComponent(".\(destination.lastPathComponent).partial").path
        descriptor = -1
        repeat { descriptor = try lock() } while descriptor < 0
        guard ftruncate(descriptor, 0) == 0 else {
            throw SafetensorsError.cannotCreate(file: path, reason: systemErrorText())
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        unlink(path)
        close(descriptor)
    }

    /// Opens and locks; -1 if the file was renamed in between, so that this one is not ours.
    private func lock() throws -> Int32 {
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else {
            throw SafetensorsError.cannotCreate(
                file: destination.path, reason: systemErrorText())
        }
        // File systems without locks answer otherwise; there the lock is left out.
        if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(opened)
            throw SafetensorsError.beingWritten(file: destination.path)
        }
        var ours = stat()
        var named = stat()
        guard fstat(opened, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino else {
            close(opened)
            return -1
        }
        return opened
    }

    /// Appends `bytes`.
    ///
    /// - Throws: `SafetensorsError.writeFailed`.
    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let written = write(descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            rest = rest.dropFirst(written)
        }
    }

    /// Waits until everything is on the disk.
    ///
    /// - Throws: `SafetensorsError.writeFailed`.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw failure() }
    }

    /// Gives the file its name, in place of any older file of that name.
    ///
    /// - Throws: `SafetensorsError.writeFailed`.
    func publish() throws {
        guard rename(path, destination.path) == 0 else { throw failure() }
        close(descriptor)
        descriptor = -1
        // The new name is on the disk only when the folder is; some file systems refuse this.
        let folder = open(
            destination.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private func failure() -> SafetensorsError {
        .writeFailed(file: destination.path, reason: systemErrorText())
    }
}
