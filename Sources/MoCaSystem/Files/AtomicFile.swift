// A file that appears under its name only when it is complete.

package import Foundation

/// A file that is written beside its name and renamed when it is complete.
///
/// **Durability.** When `finish()` or `write` returns, the data, the new name and the folder that
/// contains it have been synchronised: neither a kill nor a power failure afterwards loses the
/// file. Before that, a reader finds the complete older file of that name, or none. A file system
/// that refuses to synchronise folders is tolerated. `AtomicFolder` makes the same promise.
///
/// The bytes go to `.NAME.partial` in the same folder, which is removed when the value is released
/// before `finish()`. The partial file is locked, so that two processes never write it at once; a
/// partial file left by a killed process is reused.
package final class AtomicFile {
    /// What happens while another process writes the same file.
    package enum Contention: Sendable {
        /// The writer fails with the cause `.inUse`.
        case refuses
        /// The writer waits; the last one to finish determines the contents.
        case waits
    }

    private static let bufferByteCount = 1 << 20

    /// The final URL of the file.
    package let destination: URL
    /// The URL of the partial file.
    package let partial: URL
    /// The open partial file; nil after `publish()`.
    private var file: GrowingFile?
    private var buffer: [UInt8] = []

    /// Creates or reuses the partial file, and locks it.
    ///
    /// - Throws: `SystemFileError` for `destination`, as all methods do.
    package init(
        _ destination: URL, contention: Contention = .refuses
    ) throws(SystemFileError) {
        self.destination = destination
        partial = FileSystem.sibling(of: destination, suffix: "partial")
        var older = stat()
        let exists = stat(destination.path, &older) == 0
        guard !exists || [S_IFREG, S_IFDIR].contains(older.st_mode & S_IFMT) else {
            throw SystemFileError(
                path: destination.path, code: ENOTSUP, reason: "it is a device or a pipe")
        }
        do {
            let taken = try Self.take(partial, contention)
            file = taken
            try taken.cut(to: 0)
            if exists, older.st_mode & S_IFMT == S_IFREG {
                try taken.setMode(older.st_mode & 0o7777)
            }
        } catch {
            throw error.naming(destination)
        }
    }

    deinit {
        // Removed while it is locked. If that fails, the next writer reuses the file.
        if file != nil { _ = Result { try FileSystem.remove(partial) } }
    }

    /// Opens and locks the partial file.
    private static func take(
        _ partial: URL, _ contention: Contention
    ) throws(SystemFileError) -> GrowingFile {
        while true {
            let file = try GrowingFile(partial)
            switch contention {
            case .refuses: try file.lock()
            case .waits: try file.waitForLock()
            }
            // The previous holder may have given the file its final name.
            if file.hasName { return file }
        }
    }

    /// Appends bytes.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemFileError) {
        if buffer.count + bytes.count > Self.bufferByteCount { try flush() }
        if bytes.count >= Self.bufferByteCount {
            try naming { file throws(SystemFileError) in try file.append(bytes) }
        } else {
            buffer.append(contentsOf: bytes)
        }
    }

    /// Appends the bytes of a value.
    package func append(_ bytes: some ContiguousBytes) throws(SystemFileError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(SystemFileError) in try append(bytes) }
        }.get()
    }

    /// Appends a text as UTF-8.
    package func append(_ text: String) throws(SystemFileError) {
        try append(Array(text.utf8))
    }

    /// Waits until all bytes are on the disk.
    package func synchronize() throws(SystemFileError) {
        try flush()
        try naming { file throws(SystemFileError) in try file.synchronize() }
    }

    /// Renames the synchronised file to its final name, and synchronises the folder.
    package func publish() throws(SystemFileError) {
        try naming { _ throws(SystemFileError) in
            try FileSystem.move(partial, to: destination, synchronizes: false)
        }
        file = nil
        do {
            try FileSystem.synchronizeFolder(destination.deletingLastPathComponent())
        } catch {
            throw error.naming(destination)
        }
    }

    /// Completes the file: synchronises it and renames it to its final name.
    package func finish() throws(SystemFileError) {
        try synchronize()
        try publish()
    }

    private func flush() throws(SystemFileError) {
        guard !buffer.isEmpty else { return }
        try naming { file throws(SystemFileError) in try file.append(buffer) }
        buffer.removeAll(keepingCapacity: true)
    }

    private func naming(
        _ body: (GrowingFile) throws(SystemFileError) -> Void
    ) throws(SystemFileError) {
        guard let file else { preconditionFailure("the file has its name already") }
        do {
            try body(file)
        } catch {
            throw error.naming(destination)
        }
    }
}

extension AtomicFile {
    /// Writes a whole file; an older one remains until the new one is complete.
    package static func write(
        _ data: some ContiguousBytes, to url: URL
    ) throws(SystemFileError) {
        let file = try AtomicFile(url, contention: .waits)
        try file.append(data)
        try file.finish()
    }
}
