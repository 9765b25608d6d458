// Finds the bytes of an image from its reference in a record.

package import Foundation
package import MoCaCore
import MoCaSystem
package import MoCaTables

/// The folder, or the zip or tar file, that the image paths of records are relative to.
package struct ImageStore: Sendable {
    /// The start of relative paths.
    package let root: URL
    private let rootPath: String
    private let archives = ImageArchives()
    private var attachments: [ExactText: Data] = [:]

    /// A store over a folder, a `.zip` or a `.tar` file.
    package init(root: URL) {
        self.root = root
        rootPath = root.path
    }

    /// A copy of the store for a record with embedded images.
    func with(_ attachments: [ExactText: Data]) -> ImageStore {
        var copy = self
        copy.attachments = attachments
        return copy
    }

    /// The image at a path, inside a `data:` URL, or inside an archive that is a component of the
    /// path, such as `photos.zip/2024/a.jpg`. Bytes of an archive are read immediately, a file when
    /// it is decoded.
    ///
    /// - Throws: `DataError.imageMissing`, `.unreadableDataURL`, `.archiveMemberMissing`,
    ///   `.unreadableArchive`, `.archiveOutOfOrder`, `.inputOutput`.
    package func source(_ path: String, at location: RecordLocation) throws -> ImageSource {
        if path.hasPrefix("data:") { return try decode(path, at: location) }
        if let bytes = attachments[ExactText(path)] {
            return .encoded(bytes, name: "\(location), \(path)")
        }
        let full = path.hasPrefix("/") ? path : "\(rootPath)/\(path)"
        var found = stat()
        let isThere = stat(full, &found) == 0
        if isThere, found.st_mode & S_IFMT != S_IFDIR {
            return .file(URL(fileURLWithPath: full, isDirectory: false))
        }
        guard let (archivePath, member) = ImageArchives.split(full) else {
            if isThere { throw DataError.imageIsFolder(location, path: full) }
            throw missing(path, at: location, full: full)
        }
        let archive = try archives.archive(archivePath)
        guard let bytes = try archive.bytes(member) else {
            throw DataError.archiveMemberMissing(
                location, archive: archivePath, member: member,
                nearest: archive.nearest(to: member))
        }
        return .encoded(bytes, name: "\(archivePath)/\(member)")
    }

    /// The error for a missing image.
    private func missing(
        _ path: String, at location: RecordLocation, full: String
    ) -> DataError {
        let scheme = path.prefix(16).range(of: "://").map { path[..<$0.lowerBound] }
        if let scheme, scheme.allSatisfy(\.isLetter) {
            return .imageNotFetched(location, url: path)
        }
        // No file system supports such names.
        let isEncoded = path.utf8.count > 1024 && path.utf8.allSatisfy(\.isBase64)
        if isEncoded { return .imageWithoutScheme(location, start: String(path.prefix(24))) }
        return .imageMissing(location, path: full)
    }

    /// The archive that an image of this name was read from; nil if it is not in an archive.
    package static func archive(ofImage name: String) -> String? {
        ImageArchives.split(name)?.archive
    }

    /// The images of a list column, named by record and index.
    ///
    /// - Throws: as `source`.
    package func sources(
        _ values: [ImageValue], at location: RecordLocation
    ) throws -> [ImageSource] {
        try values.enumerated().map { index, value in
            switch value {
            case .path(let path): try source(path, at: location)
            case .encoded(let data): .encoded(data, name: "\(location), image \(index)")
            }
        }
    }

    /// Decodes `data:[TYPE][;PARAMETER]*;base64,DATA` (RFC 2397).
    private func decode(_ url: String, at location: RecordLocation) throws -> ImageSource {
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")),
            url[..<comma].lowercased().hasSuffix(";base64")
        else {
            throw DataError.unreadableDataURL(location, reason: "the data: URL is not base64")
        }
        let encoded = url[url.index(after: comma)...]
        guard let data = Data(base64Text: encoded), !data.isEmpty else {
            throw DataError.unreadableDataURL(
                location, reason: "the data: URL holds no valid base64")
        }
        return .encoded(data, name: "\(location), data: URL")
    }
}

extension UInt8 {
    /// Whether this is a base64 character (RFC 4648, both alphabets), padding included.
    fileprivate var isBase64: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+/=-_\r\n".utf8.contains(self)
        }
    }
}
