// The files and folders that an index was made of, which give its items their names.

import Foundation
import MoCaCore

/// A file or folder that was given to be indexed.
package struct IndexRoot: Sendable, Hashable, Codable {
    /// The absolute path.
    package var path: String
    /// What stands before the names of its files: the folder as it was given, or the file itself. Nil
    /// for the first folder of an index, whose files are named relative to it.
    package var name: String?
    /// Whether it was a folder when it was first indexed.
    package var isFolder: Bool

    private enum CodingKeys: String, CodingKey {
        case path, name
        case isFolder = "is_folder"
    }

    /// Looks whether `path` is a folder.
    init(path: String, name: String? = nil) {
        self.path = path
        self.name = name
        var isFolder: ObjCBool = false
        self.isFolder =
            FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// Whether `path` is the root or inside it.
    func holds(_ path: String) -> Bool { relativePath(of: path) != nil }

    /// The path of a file relative to the root, empty for the root itself; nil if it is not inside.
    func relativePath(of file: String) -> String? {
        if ExactText(file) == ExactText(path) { return "" }
        let start = directory
        guard file.utf8.starts(with: start.utf8) else { return nil }
        return String(decoding: file.utf8.dropFirst(start.utf8.count), as: UTF8.self)
    }

    /// The absolute path of a file relative to the root.
    func file(_ relativePath: String) -> String {
        relativePath.isEmpty ? path : directory + relativePath
    }

    /// The path with a slash at its end.
    private var directory: String { path.utf8.last == UInt8(ascii: "/") ? path : path + "/" }
}

/// The roots of an index, in the order in which they were first given.
struct IndexRoots: Sendable {
    private(set) var list: [IndexRoot]

    /// The roots of an earlier index, none for a new one, and those that `given` adds.
    init(_ earlier: [IndexRoot], adding given: [URL]) {
        list = earlier
        var known = Set(earlier.map { ExactText($0.path) })
        var added: [(root: IndexRoot, name: String)] = []
        for url in given {
            let root = IndexRoot(path: url.standardizedFileURL.path)
            guard known.insert(ExactText(root.path)).inserted else { continue }
            added.append((root, Self.name(url.relativePath)))
        }
        let isAlone = (earlier + added.map(\.root)).count(where: \.isFolder) < 2
        for (root, name) in added { add(root, name: isAlone && root.isFolder ? nil : name) }
    }

    private mutating func add(_ root: IndexRoot, name: String?) {
        var root = root
        // Another working folder may have given another folder of this name.
        let isTaken = list.contains { $0.name.map { ExactText($0) } == name.map { ExactText($0) } }
        root.name = name != nil && isTaken ? root.path : name
        list.append(root)
    }

    /// A path as it was given, without `./` before and slashes after it.
    private static func name(_ given: String) -> String {
        var name = Substring(given)
        while name.count > 2, name.hasPrefix("./") { name = name.dropFirst(2) }
        while name.count > 1, name.hasSuffix("/") { name = name.dropLast() }
        return String(name)
    }

    /// The index of the first root that is or contains a file; nil if there is none.
    func index(of file: String) -> Int? { list.firstIndex { $0.holds(file) } }

    /// The name of a file: its path relative to its root, after the root's name if it has one.
    func name(of file: String) -> String {
        guard let index = index(of: file), let inside = list[index].relativePath(of: file) else {
            return file
        }
        guard let name = list[index].name else {
            return inside.isEmpty ? URL(fileURLWithPath: file).lastPathComponent : inside
        }
        return inside.isEmpty ? name : "\(name)/\(inside)"
    }
}

/// Gives every file of an index its own name.
struct ItemNames {
    private let roots: IndexRoots
    private var taken: Set<ExactText> = []

    init(_ roots: IndexRoots) {
        self.roots = roots
    }

    /// The name of the next file; its absolute path if another file has its name, as a file of
    /// `photos/` may have one of a folder in the first root that is called `photos` too.
    mutating func next(for file: String) -> String {
        let name = roots.name(of: file)
        guard !taken.insert(ExactText(name)).inserted else { return name }
        taken.insert(ExactText(file))
        return file
    }
}
