// The bytes of a file that is being downloaded.

package import Foundation
import MoCaSystem

/// The first bytes of a file, hashed as they arrive.
package struct PartialFile {
    private static let chunkByteCount = 1 << 20

    private let file: GrowingFile
    private var hash = SHA256()
    /// The number of bytes.
    package private(set) var count = 0

    /// Takes over the bytes that an earlier run left.
    ///
    /// - Throws: `HubError.cannotWrite`, `.diskFull`, `.cannotRead`.
    package init(_ url: URL) throws {
        let file = try HubError.writing { try GrowingFile(url) }
        var (hash, count) = (SHA256(), 0)
        try Self.read(file) { bytes in
            hash.add(bytes)
            count += bytes.count
        }
        self.file = file
        self.hash = hash
        self.count = count
    }

    private static func read(
        _ file: GrowingFile, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: chunkByteCount, alignment: 16)
        defer { buffer.deallocate() }
        var (offset, got) = (0, 0)
        repeat {
            do {
                got = try file.read(into: buffer, at: offset)
            } catch {
                throw HubError.cannotRead(path: error.path, reason: error.reason)
            }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            offset += got
        } while got == buffer.count
    }

    /// The SHA-256 of the bytes.
    package var sha256: String { hash.hexadecimal }

    /// Computes the hash by which Git names the bytes: the SHA-1 of `blob SIZE`, a zero byte and
    /// the contents.
    ///
    /// - Throws: `HubError.cannotRead`.
    func blobID() throws -> String {
        var hash = SHA1()
        hash.add(Data("blob \(count)\0".utf8))
        try Self.read(file) { hash.add($0) }
        return hash.hexadecimal
    }

    /// Appends bytes.
    ///
    /// - Throws: `HubError.cannotWrite`, `.diskFull`.
    package mutating func append(
        _ bytes: UnsafeRawBufferPointer, _ context: TransferContext
    ) throws {
        try HubError.writing { [file] in try file.append(bytes) }
        hash.add(bytes)
        count += bytes.count
        context.progress.add(bytes.count)
    }

    /// Drops all bytes.
    mutating func restart(_ context: TransferContext) throws {
        try HubError.writing { [file] in try file.cut(to: 0) }
        context.progress.add(-count)
        hash = SHA256()
        count = 0
    }

    /// Gives the file its final name, once its bytes are on the disk.
    ///
    /// - Throws: `HubError.cannotWrite`, `.diskFull`.
    package func publish(as destination: URL) throws {
        try HubError.writing { [file] in
            try file.synchronize()
            try FileSystem.move(file.url, to: destination)
        }
    }
}
