// What a mistyped path of a folder may have meant.

import Foundation

/// Finds folders whose paths resemble one that does not exist.
package enum SimilarFolders {
    private static let countMax = 3
    /// One letter in this many may differ, at least one in a name.
    private static let lettersPerChange = 4

    /// Existing folders whose paths differ from `path` in a few letters of one name, the most
    /// similar first.
    package static func of(_ path: String) -> [String] {
        var names = path.split(separator: "/").map(String.init)[...]
        var parent = path.hasPrefix("/") ? "/" : ""
        while let name = names.popFirst() {
            guard isFolder(parent + name) else {
                return others(than: name, in: parent, before: names)
            }
            parent += name + "/"
        }
        return []
    }

    /// Whether a path that does not exist begins with a folder that does.
    static func isBegun(_ path: String) -> Bool {
        path.split(separator: "/").count > 1
            && path.split(separator: "/").first.map { isFolder(String($0)) } == true
    }

    private static func others(
        than name: String, in parent: String, before rest: ArraySlice<String>
    ) -> [String] {
        let folder = parent.isEmpty ? "." : parent
        let entries = FileManager.default.subpaths(inFolder: folder)
        let limit = max(1, name.count / lettersPerChange)
        let near = entries.compactMap { entry -> (path: String, distance: Int)? in
            let distance = distance(name.lowercased(), entry.lowercased())
            let path = ([parent + entry] + rest).joined(separator: "/")
            return distance <= limit && distance < name.count && isFolder(path)
                ? (path, distance) : nil
        }
        return near.sorted { ($0.distance, $0.path) < ($1.distance, $1.path) }
            .prefix(countMax).map(\.path)
    }

    /// The number of letters to insert, delete, replace or exchange with their neighbours until
    /// two texts are the same.
    static func distance(_ first: String, _ second: String) -> Int {
        let (a, b) = (Array(first), Array(second))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                let replaced = rows[i][j] + (a[i] == b[j] ? 0 : 1)
                var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }

    private static func isFolder(_ path: String) -> Bool {
        HubCache.isFolder(URL(fileURLWithPath: path))
    }
}

extension FileManager {
    /// The names in a folder; none if it cannot be read.
    fileprivate func subpaths(inFolder path: String) -> [String] {
        do {
            return try contentsOfDirectory(atPath: path)
        } catch {
            // A suggestion is all that is lost.
            return []
        }
    }
}
