// Scans paths for files to index, and lists skipped files with reasons.

import Foundation
import MoCaCore
import MoCaSystem
import MoCaTables

/// A file that was not indexed, and the reason.
package struct SkippedFile: Sendable, Hashable, Codable {
    package let path: String
    package let reason: String
}

/// An indexed file or folder that is gone.
package struct MissingRoot: Sendable, Hashable, Codable {
    package let path: String
    /// The number of its files that left the index.
    package let files: Int
}

/// The files found under the given paths.
struct FileScan {
    /// The type of a file, which determines how it is split into items.
    enum Kind: String, Sendable, Hashable {
        case image, text, records
    }

    /// A file to index.
    struct File: Sendable, Hashable {
        let path: String
        let kind: Kind
    }

    /// The files to index, sorted by path.
    private(set) var files: [File] = []
    /// Files of unsupported types.
    private(set) var skipped: [SkippedFile] = []

    static let pageReason = "PDF pages are not indexed yet"
    static let nameReason = "its name is not UTF-8: rename it"
    static let otherReason = "it is neither an image nor a text"

    private static let imageEndings: Set<String> = [
        "jpg", "jpeg", "jfif", "jpe", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif",
        "avif", "jxl",
    ]

    /// Scans files and folders recursively. Hidden entries, links to folders and the folder `index`
    /// are skipped.
    ///
    /// - Throws: `SearchError.pathMissing`, `.folderUnreadable`.
    init(_ paths: [String], without index: String) throws {
        var found: Set<ExactText> = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw SearchError.pathMissing(path: path)
            }
            guard isFolder.boolValue else {
                found.insert(ExactText(path))
                continue
            }
            try look(into: path, without: index, &found)
        }
        for path in found.sorted() { add(path.text) }
    }

    /// Adds the files below a folder.
    ///
    /// - Throws: `SearchError.folderUnreadable`: an unreadable folder would silently remove its
    ///   files from the index.
    private mutating func look(
        into folder: String, without index: String, _ found: inout Set<ExactText>
    ) throws {
        let listing: FolderListing
        do {
            listing = try FolderListing(of: folder)
        } catch {
            throw SearchError.folderUnreadable(path: folder, reason: error.localizedDescription)
        }
        for name in listing.undecodableNames where !name.hasPrefix(".") {
            skipped.append(SkippedFile(path: "\(folder)/\(name)", reason: Self.nameReason))
        }
        for name in listing.names where !name.hasPrefix(".") {
            let path = "\(folder)/\(name)"
            var entry = stat()
            // A link to a file is treated as the file; a link to a folder is not followed.
            guard stat(path, &entry) == 0, path != index else { continue }
            if entry.st_mode & S_IFMT != S_IFDIR {
                found.insert(ExactText(path))
            } else if lstat(path, &entry) == 0, entry.st_mode & S_IFMT == S_IFDIR {
                try look(into: path, without: index, &found)
            }
        }
    }

    private mutating func add(_ path: String) {
        let url = URL(fileURLWithPath: path)
        let ending = url.pathExtension.lowercased()
        switch ending {
        case _ where Self.imageEndings.contains(ending):
            files.append(File(path: path, kind: .image))
        case "txt", "md": files.append(File(path: path, kind: .text))
        case "jsonl",
            _ where RecordFormat(url) == .jsonLines(isCompressed: true):
            files.append(File(path: path, kind: .records))
        case "pdf": skipped.append(SkippedFile(path: path, reason: Self.pageReason))
        default: skipped.append(SkippedFile(path: path, reason: Self.otherReason))
        }
    }
}
