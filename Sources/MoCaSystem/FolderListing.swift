// The names in a folder, all of them: Foundation skips names that are not UTF-8.

import Foundation

/// The names in a folder.
package struct FolderListing: Sendable, Hashable {
    /// The UTF-8 names, in byte order.
    package private(set) var names: [String] = []
    /// The other names, with a replacement character for each invalid byte.
    package private(set) var undecodableNames: [String] = []

    /// Reads the folder at `path`, excluding `.` and `..`.
    ///
    /// - Throws: `POSIXError`.
    package init(of path: String) throws {
        guard let folder = opendir(path) else { throw Self.failure() }
        defer { closedir(folder) }
        errno = 0
        while let entry = readdir(folder) {
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { add($0) }
            }
            errno = 0
        }
        guard errno == 0 else { throw Self.failure() }
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        undecodableNames.sort()
    }

    private mutating func add(_ bytes: UnsafePointer<CChar>) {
        guard let name = String(validatingCString: bytes) else {
            undecodableNames.append(String(cString: bytes))
            return
        }
        if name != ".", name != ".." { names.append(name) }
    }

    private static func failure() -> POSIXError {
        POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
}
