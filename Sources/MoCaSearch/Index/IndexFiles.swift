// Reads and writes the files of an index.

import Foundation
import MoCaSystem
import MoCaTables
import Safetensors
import Torch

/// The files of an index folder.
enum IndexFiles {
    /// - Throws: `SearchError.damagedIndex`.
    static func manifest(in folder: URL) throws -> IndexManifest {
        let file = folder.appending(path: IndexManifest.fileName)
        let manifest: IndexManifest
        do {
            manifest = try JSONDecoder().decode(
                IndexManifest.self, from: Data(contentsOf: file))
        } catch {
            throw SearchError.damagedIndex(
                file: file.path, reason: "it is not the manifest of an index")
        }
        guard manifest.format == IndexManifest.currentFormat else {
            throw SearchError.damagedIndex(
                file: file.path,
                reason: "its format is \(manifest.format), this version reads "
                    + "\(IndexManifest.currentFormat)")
        }
        return manifest
    }

    /// - Throws: `SearchError.damagedIndex`, `DataError`.
    static func items(_ manifest: IndexManifest, in folder: URL) throws -> [IndexItem] {
        let file = folder.appending(path: manifest.itemsName)
        var (items, reader) = ([IndexItem](), try LineReader(file))
        let decoder = JSONDecoder()
        while let line = try reader.next() {
            do {
                items.append(try decoder.decode(IndexItem.self, from: line))
            } catch {
                throw SearchError.damagedIndex(
                    file: file.path, reason: "line \(reader.lineNumber) is not an item")
            }
        }
        guard items.count == manifest.itemCount else {
            throw SearchError.damagedIndex(
                file: file.path,
                reason: "it has \(items.count) items, the manifest \(manifest.itemCount)")
        }
        return items
    }

    /// The vectors, float32 `[N, D]`, memory-mapped.
    ///
    /// - Throws: `SearchError.damagedIndex`, `SafetensorsError`.
    static func vectors(_ manifest: IndexManifest, in folder: URL) throws -> Tensor {
        let url = folder.appending(path: manifest.vectorsName)
        let file = try SafetensorsFile(mapping: url)
        let entry = try file.entry(IndexManifest.tensorName)
        let shape = [manifest.itemCount, manifest.vectorLength]
        guard entry.dtype == .float32, entry.shape == shape,
            let tensor = try Tensor(IndexManifest.tensorName, in: file)
        else {
            throw SearchError.damagedIndex(
                file: url.path,
                reason: "its tensor is \(entry.dtype.rawValue)\(entry.shape), must be F32\(shape)")
        }
        return tensor
    }

    /// Writes items and vectors, then the manifest that names them, and removes older files.
    ///
    /// - Parameter rows: passes the vectors' bytes to its argument, row by row.
    /// - Throws: `SearchError.cannotWrite`, `SafetensorsError`.
    static func write(
        _ manifest: IndexManifest, items: [IndexItem], in folder: URL,
        rows: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var lines = Data()
        for item in items {
            lines.append(try encoder.encode(item))
            lines.append(UInt8(ascii: "\n"))
        }
        try write(lines, to: folder.appending(path: manifest.itemsName))
        let writer = try SafetensorsWriter(
            folder.appending(path: manifest.vectorsName),
            tensors: [
                .init(
                    IndexManifest.tensorName, .float32,
                    [manifest.itemCount, manifest.vectorLength])
            ])
        try rows { try writer.append($0, to: IndexManifest.tensorName) }
        try writer.finish()
        encoder.outputFormatting.insert(.prettyPrinted)
        try write(
            try encoder.encode(manifest), to: folder.appending(path: IndexManifest.fileName))
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
