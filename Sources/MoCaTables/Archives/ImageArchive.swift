// Reads images inside a zip or tar file in place: nothing is unpacked.

package import Foundation
import MoCaCore
import MoCaSystem
import Synchronization

/// An open archive and an index of its entries; safe for concurrent reads.
package final class ImageArchive: Sendable {
    /// The name endings of archives.
    private static let endings =
        [".zip", ".tar", ".tgz"]
        + ["gz", "zst", "bz2", "xz"].map { ".tar.\($0)" }
    private static let nearestCount = 3

    /// The archive's path.
    package let path: String
    private let file: RandomAccessFile
    private let index: Index

    private enum Index: Sendable {
        case zip(ZipDirectory)
        /// The byte range of each entry.
        case tar([ExactText: Range<Int>])
    }

    /// Reads the directory of a zip file, or scans the headers of a tar.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.archiveOutOfOrder`, `.inputOutput`.
    package init(_ path: String) throws {
        self.path = path
        guard path.hasSuffix(".zip") || path.hasSuffix(".tar") else {
            throw DataError.archiveOutOfOrder(path: path)
        }
        file = try RandomAccessFile(path)
        do {
            index =
                path.hasSuffix(".zip")
                ? .zip(try ZipDirectory(file)) : .tar(try Self.entries(ofTar: file))
        } catch let failure as ZipDirectory.Failure {
            throw failure.error(path: path, entry: nil)
        }
    }

    private static func entries(ofTar file: RandomAccessFile) throws -> [ExactText: Range<Int>] {
        let archive = try ArchiveReader(tar: file, from: 0)
        var found: [ExactText: Range<Int>] = [:]
        while let entry = try archive.next() {
            let name = ExactText(normalized(entry.name))
            if entry.kind == .hardLink, let target = entry.target {
                found[name] = found[ExactText(normalized(target))]
            } else if entry.kind == .file {
                guard let offset = entry.offset, let byteCount = entry.byteCount,
                    byteCount <= Int.max - offset
                else {
                    throw DataError.unreadableArchive(
                        path: file.path, entry: entry.name,
                        reason: "the archive is compressed, or the entry is stored in pieces")
                }
                found[name] = offset..<offset + byteCount
            }
        }
        return found
    }

    /// Whether a file of this name is an archive.
    package static func isArchive(_ name: some StringProtocol) -> Bool {
        endings.contains { name.hasSuffix($0) }
    }

    /// A name without `.` components and without doubled slashes.
    package static func normalized(_ name: some StringProtocol) -> String {
        name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The bytes of an entry; nil if there is none of this name.
    ///
    /// - Throws: `DataError.unreadableArchive`, `.inputOutput`.
    package func bytes(_ name: String) throws -> Data? {
        do {
            switch index {
            case .zip(let directory):
                guard let member = directory.members[ExactText(name)] else { return nil }
                return try directory.bytes(of: member, in: file)
            case .tar(let entries):
                guard let range = entries[ExactText(name)] else { return nil }
                let bytes = try file.read(at: range.lowerBound, count: range.count)
                guard bytes.count == range.count else {
                    throw ZipDirectory.Failure(reason: "the archive ends too early")
                }
                return bytes
            }
        } catch let failure as ZipDirectory.Failure {
            throw failure.error(path: path, entry: name)
        }
    }

    /// Some entries that `name` may refer to: the same file name in other folders, or else entries
    /// with a similar beginning.
    package func nearest(to name: String) -> [String] {
        var names: [String]
        switch index {
        case .zip(let directory): names = directory.members.keys.map(\.text)
        case .tar(let entries): names = entries.keys.map(\.text)
        }
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let elsewhere = names.filter { $0 == last || $0.hasSuffix("/\(last)") }
        if elsewhere.isEmpty {
            let common = names.map { $0.commonPrefix(with: name).utf8.count }
            let most = common.max() ?? 0
            names = zip(names, common).filter { $1 == most }.map(\.0)
        } else {
            names = elsewhere
        }
        return Array(names.map { ExactText($0) }.sorted().map(\.text).prefix(Self.nearestCount))
    }
}

/// The most recently used archives: each is opened once, however many images it contains.
package final class ImageArchives: Sendable {
    /// The number of files that a process may hold open is limited.
    private static let countMax = 64
    private let open = Mutex<[ImageArchive]>([])

    package init() {}

    /// Splits `path` after its first component that is an archive; nil if there is none.
    package static func split(_ path: String) -> (archive: String, member: String)? {
        var start = path.startIndex
        while let slash = path[start...].firstIndex(of: "/") {
            start = path.index(after: slash)
            let head = path[..<slash]
            guard ImageArchive.isArchive(head) else { continue }
            var found = stat()
            guard stat(String(head), &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
                continue
            }
            return (String(head), ImageArchive.normalized(path[start...]))
        }
        return nil
    }

    /// The archive at a path.
    ///
    /// - Throws: as `ImageArchive`.
    package func archive(_ path: String) throws -> ImageArchive {
        try open.withLock { archives in
            if let index = archives.firstIndex(where: { $0.path == path }) {
                let found = archives.remove(at: index)
                archives.append(found)
                return found
            }
            let archive = try ImageArchive(path)
            if archives.count == Self.countMax { archives.removeFirst() }
            archives.append(archive)
            return archive
        }
    }
}
