// Which files of the given paths are indexed, and which are not, and why.

import Foundation
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
    static let otherReason = "it is neither an image nor a text"

    private static let imageEndings: Set<String> = [
        "jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl",
    ]

    /// Looks at files and, down to any depth, folders; hidden ones and links to folders are passed
    /// over, and so is the folder `index`.
    ///
    /// - Throws: `SearchError.pathMissing`, `.folderUnreadable`.
    init(_ paths: [String], without index: String) throws {
        var found: Set<String> = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw SearchError.pathMissing(path: path)
            }
            guard isFolder.boolValue else {
                found.insert(path)
                continue
            }
            let keys: [URLResourceKey] = [.isRegularFileKey]
            var unreadable: SearchError?
            let entries = FileManager.default.enumerator(
                at: URL(fileURLWithPath: path, isDirectory: true),
                includingPropertiesForKeys: keys, options: .skipsHiddenFiles
            ) { url, error in
                unreadable = .folderUnreadable(
                    path: url.path, reason: error.localizedDescription)
                return false
            }
            while let url = entries?.nextObject() as? URL {
                // A link to a file counts as the file.
                var isInner: ObjCBool = false
                let exists = FileManager.default.fileExists(
                    atPath: url.path, isDirectory: &isInner)
                guard exists, !isInner.boolValue, !url.path.hasPrefix(index + "/") else { continue }
                found.insert(url.standardizedFileURL.path)
            }
            // An index would lose the files of a folder that it could not look into.
            if let unreadable { throw unreadable }
        }
        for path in found.sorted() { add(path) }
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
