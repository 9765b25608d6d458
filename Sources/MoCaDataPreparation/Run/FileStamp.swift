// Recognises a finished file without reading it.

import Foundation
import MoCaCore
import MoCaHub
import MoCaSystem

/// Size, modification time and hash of a verified file.
struct FileStamp: Codable, Sendable, Hashable {
    let size: Int
    /// The modification time in nanoseconds since 1970.
    let modified: Int
    let sha256: String

    /// Stamps a file whose hash is known.
    init(of url: URL, sha256: String) throws {
        var status = stat()
        guard stat(url.path, &status) == 0 else { throw PreparationError.reading(url.path) }
        (size, modified) = (Int(status.st_size), Self.nanoseconds(status))
        self.sha256 = sha256
    }

    /// Whether the file still matches the stamp.
    func fits(_ url: URL) -> Bool {
        var status = stat()
        return stat(url.path, &status) == 0 && Int(status.st_size) == size
            && Self.nanoseconds(status) == modified
    }

    /// The size of a file in bytes; nil if there is none.
    static func size(of url: URL) -> Int? {
        var status = stat()
        return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            ? Int(status.st_size) : nil
    }

    /// The modification time of a file in nanoseconds; nil if there is none.
    static func modified(_ url: URL) -> Int? {
        var status = stat()
        return stat(url.path, &status) == 0 ? nanoseconds(status) : nil
    }

    private static func nanoseconds(_ status: stat) -> Int {
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// The SHA-256 of a file.
    static func sha256(of url: URL, _ context: PreparationContext) throws -> String {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PreparationError.reading(url.path) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var hash = SHA256()
        while true {
            try context.check()
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw PreparationError.reading(url.path) }
            if count == 0 { return hash.hexadecimal }
            hash.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// A file of a source.
struct ListedFile: Sendable, Hashable {
    let path: String
    var size: Int?
    var sha256: String?

    var check: FileCheck { FileCheck(size: size, sha256: sha256) }

    /// The file's URL below a folder with the source's files.
    func url(in folder: URL) -> URL { URL(fileURLWithPath: folder.path + "/" + path) }
}
