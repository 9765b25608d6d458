// Small text files in place of large ones that Git LFS has not fetched yet.

package import Foundation

/// A pointer file of Git LFS, whose first line names the version of its specification.
package enum GitLFSPointer {
    private static let firstBytes = Data("version https:\u{2f}/git-lfs.".utf8)

    /// Whether a file's first bytes are those of a pointer.
    package static func isPointer(_ bytes: Data) -> Bool { bytes.starts(with: firstBytes) }

    /// Whether the file at `url` is a pointer; false if it cannot be read.
    package static func isPointer(at url: URL) -> Bool {
        guard let file = fopen(url.path, "r") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: firstBytes.count)
        let count = fread(&bytes, 1, bytes.count, file)
        return isPointer(Data(bytes.prefix(count)))
    }
}
