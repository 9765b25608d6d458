// Reads and writes the vector file of an index.
//
// N items, V vectors, D components of a vector. With one vector for each item V is N, and the file
// has no lengths.

import Foundation
import MoCaVectors
import Safetensors

/// The vectors of consecutive items.
struct ItemVectors: Sendable, Hashable {
    /// The components of all vectors, one vector after the other.
    var values: ArraySlice<Float> = []
    /// The number of vectors of each item.
    var lengths: [Int] = []
}

extension IndexFiles {
    /// The vectors, memory-mapped, a row for each item.
    ///
    /// - Throws: `SearchError.damagedIndex`, `SafetensorsError`.
    static func vectors(_ manifest: IndexManifest, in folder: URL) throws -> VectorMatrix {
        let url = folder.appending(path: manifest.vectorsName)
        let file = try SafetensorsFile(mapping: url)
        let lengths = manifest.isMultiVector ? try lengths(in: file, manifest.itemCount) : nil
        let starts = lengths?.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let entry = try file.entry(IndexManifest.tensorName)
        let shape = [starts?.last ?? manifest.itemCount, manifest.vectorLength]
        guard entry.dtype == .float32, entry.shape == shape else {
            throw SearchError.damagedIndex(
                file: url.path,
                reason: "its tensor is \(entry.dtype.rawValue)\(entry.shape), must be F32\(shape)")
        }
        return VectorMatrix(
            bytes: try data(of: file), width: manifest.vectorLength, starts: starts)
    }

    /// The number of vectors of each item.
    private static func lengths(in file: SafetensorsFile, _ count: Int) throws -> [Int] {
        let entry = try file.entry(IndexManifest.lengthsName)
        guard entry.dtype == .int64, entry.shape == [count] else {
            throw SearchError.damagedIndex(
                file: file.url.path,
                reason: "its lengths are \(entry.dtype.rawValue)\(entry.shape), "
                    + "must be I64\([count])")
        }
        let lengths = try file.withBytes(of: IndexManifest.lengthsName) { bytes in
            (0..<count).map {
                Int(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self).littleEndian)
            }
        }
        // Below a limit at which their sum cannot overflow.
        if let bad = lengths.first(where: { !(1...1 << 32).contains($0) }) {
            throw SearchError.damagedIndex(
                file: file.url.path, reason: "an item has \(bad) vectors")
        }
        return lengths
    }

    /// The bytes of the vectors, copied only if the file does not align them.
    private static func data(of file: SafetensorsFile) throws -> Data {
        let bytes = try file.bytes(of: IndexManifest.tensorName)
        guard let base = bytes.baseAddress, try file.isAligned(IndexManifest.tensorName) else {
            return withExtendedLifetime(file) { Data(bytes) }
        }
        // The mapping lives as long as the data.
        return Data(
            bytesNoCopy: base, count: bytes.count,
            deallocator: .custom { _, _ in withExtendedLifetime(file) {} })
    }

    /// Writes vectors, and for several vectors of an item their numbers.
    ///
    /// - Throws: `SafetensorsError`.
    static func write(_ vectors: [ItemVectors], of manifest: IndexManifest, to url: URL) throws {
        let lengths = vectors.flatMap(\.lengths)
        let shape = [lengths.reduce(0, +), manifest.vectorLength]
        var tensors = [SafetensorsDeclaration(IndexManifest.tensorName, .float32, shape)]
        if manifest.isMultiVector {
            // First, as the wider type: readers need its offset to be a multiple of 8.
            tensors.insert(
                SafetensorsDeclaration(IndexManifest.lengthsName, .int64, [lengths.count]), at: 0)
        }
        let writer = try SafetensorsWriter(url, tensors: tensors)
        if manifest.isMultiVector {
            try lengths.map { Int64($0).littleEndian }.withUnsafeBytes {
                try writer.append($0, to: IndexManifest.lengthsName)
            }
        }
        for item in vectors {
            try item.values.withUnsafeBytes { try writer.append($0, to: IndexManifest.tensorName) }
        }
        try writer.finish()
    }
}
