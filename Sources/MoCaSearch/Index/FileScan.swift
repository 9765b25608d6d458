// Which files of the given paths are indexed, and which are not, and why.

import Foundation
import MoCaCore
import MoCaSystem
import MoCaTables

/// A file that is not in the index, and the reason.
package struct SkippedFile: Sendable, Hashable, Codable {
    package let path: String
    package let reason: String
}

/// The files under some paths.
struct FileScan {
    /// How a file becomes items.
    enum Kind: String, Sendable, Hashable {
        case image, text, records
    }

    /// A file to index.
    struct File: Sendable, Hashable {
        let path: String
        let kind: Kind
    }

    /// Sorted by path.
    private(set) var files: [File] = []
    /// Files of other kinds.
    private(set) var skipped: [SkippedFile] = []

    static let pageReason = "PDF pages are not indexed yet"
    static let nameReason = "its name is not UTF-8: rename it"
    static let otherReason = "it is neither an image nor a text"

    private static let imageEndings: Set<String> = [
        "jpg", "jpeg", "jfif", "jpe", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif",
        "avif", "jxl",
    ]

    /// Looks at files and, down to any depth, folders; hidden ones and links to folders are passed
    /// over, and so is the folder `index`.
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
    /// - Throws: `SearchError.folderUnreadable`: an index would lose the files of a folder that it
    ///   could not look into.
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
            // A link to a file counts as the file; one to a folder is not followed.
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
