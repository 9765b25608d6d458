// From what a record says about an image to where its bytes are.

package import Foundation
package import MoCaCore

/// The folder that the image paths of records are relative to.
package struct ImageStore: Sendable {
    /// Relative paths start here.
    package let root: URL
    private let rootPath: String

    /// A store over a folder.
    package init(root: URL) {
        self.root = root
        rootPath = root.path
    }

    /// The image at a path, or inside a `data:` URL.
    ///
    /// - Throws: `DataError.imageMissing`, `.unreadableDataURL`.
    package func source(_ path: String, at location: RecordLocation) throws -> ImageSource {
        if path.hasPrefix("data:") { return try decode(path, at: location) }
        let full = path.hasPrefix("/") ? path : "\(rootPath)/\(path)"
        var found = stat()
        guard stat(full, &found) == 0, found.st_mode & S_IFMT != S_IFDIR else {
            throw DataError.imageMissing(location, path: full)
        }
        return .file(URL(fileURLWithPath: full, isDirectory: false))
    }

    /// The images of a list column, named by record and position.
    ///
    /// - Throws: `DataError.imageMissing`, `.unreadableDataURL`.
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

    /// `data:[TYPE][;PARAMETER]*;base64,DATA` (RFC 2397).
    private func decode(_ url: String, at location: RecordLocation) throws -> ImageSource {
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")),
            url[..<comma].lowercased().hasSuffix(";base64")
        else {
            throw DataError.unreadableDataURL(location, reason: "the data: URL is not base64")
        }
        let encoded = url[url.index(after: comma)...]
        guard let data = Data(base64Encoded: String(encoded)), !data.isEmpty else {
            throw DataError.unreadableDataURL(
                location, reason: "the data: URL holds no valid base64")
        }
        return .encoded(data, name: "\(location), data: URL")
    }
}
