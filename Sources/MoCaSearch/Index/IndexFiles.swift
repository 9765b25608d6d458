// Reads and writes the files of an index.

import Foundation
import MoCaSettings
import MoCaSystem
import MoCaTables
import Safetensors
import Torch

/// The files of an index folder.
enum IndexFiles {
    /// - Throws: `SearchError.damagedIndex`.
    static func manifest(in folder: URL) throws -> IndexManifest {
        let file = folder.appending(path: IndexManifest.fileName)
        struct Version: Decodable {
            var format: Int
        }
        do {
            let data = try Data(contentsOf: file)
            // The other keys depend on the format.
            let format = try JSONDecoder().decode(Version.self, from: data).format
            let known = [IndexManifest.currentFormat, IndexManifest.multiVectorFormat]
            guard known.contains(format) else {
                throw SearchError.damagedIndex(
                    file: file.path,
                    reason: "its format is \(format), this version reads "
                        + known.map(String.init).joined(separator: " and "))
            }
            return try JSONDecoder().decode(IndexManifest.self, from: data)
        } catch let error as SearchError {
            throw error
        } catch {
            throw SearchError.damagedIndex(
                file: file.path, reason: "it is not the manifest of an index")
        }
    }

    /// - Throws: `SearchError.damagedIndex`, `DataError`.
    static func items(_ manifest: IndexManifest, in folder: URL) throws -> [IndexItem] {
        let file = folder.appending(path: manifest.itemsName)
        var (items, reader) = ([IndexItem](), try LineReader(file))
        let decoder = JSONDecoder()
        while let line = try reader.next() {
            let stored: StoredItem
            do {
                stored = try decoder.decode(StoredItem.self, from: line)
            } catch {
                throw SearchError.damagedIndex(
                    file: file.path, reason: "line \(reader.lineNumber) is not an item")
            }
            guard let item = stored.item(in: manifest.roots) else {
                throw SearchError.damagedIndex(
                    file: file.path,
                    reason: "line \(reader.lineNumber) has root \(stored.root), the manifest "
                        + "\(manifest.roots.count) roots")
            }
            items.append(item)
        }
        guard items.count == manifest.itemCount else {
            throw SearchError.damagedIndex(
                file: file.path,
                reason: "it has \(items.count) items, the manifest \(manifest.itemCount)")
        }
        return items
    }

    /// Writes items and vectors, then the manifest that names them, and removes older files.
    ///
    /// - Parameter vectors: the vectors of consecutive items, in the order of the items.
    /// - Throws: `SearchError.cannotWrite`, `SafetensorsError`.
    static func write(
        _ manifest: IndexManifest, items: [IndexItem], vectors: [ItemVectors], in folder: URL
    ) throws {
        let roots = IndexRoots(manifest.roots, adding: [])
        let stored = items.map { item in
            guard let stored = StoredItem(item, in: roots) else {
                preconditionFailure("\(item.path) is in no root of the index")
            }
            return stored
        }
        try write(JSONFormat.lines(stored), to: folder.appending(path: manifest.itemsName))
        try write(vectors, of: manifest, to: folder.appending(path: manifest.vectorsName))
        try write(
            JSONFormat.indented.data(manifest),
            to: folder.appending(path: IndexManifest.fileName))
        try removeOthers(than: manifest, in: folder)
    }

    private static func write(_ data: Data, to file: URL) throws {
        do {
            try AtomicFile.write(data, to: file)
        } catch {
            throw SearchError.cannotWrite(path: file.path, reason: error.reason)
        }
    }

    private static func removeOthers(than manifest: IndexManifest, in folder: URL) throws {
        let kept = [manifest.itemsName, manifest.vectorsName]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let isOurs =
                (name.hasPrefix("items.") && name.hasSuffix(".jsonl"))
                || (name.hasPrefix("vectors.") && name.hasSuffix(".safetensors"))
            guard isOurs, !kept.contains(name) else { continue }
            let file = folder.appending(path: name)
            do {
                try FileSystem.remove(file)
            } catch {
                throw SearchError.cannotWrite(path: file.path, reason: error.reason)
            }
        }
    }
}
