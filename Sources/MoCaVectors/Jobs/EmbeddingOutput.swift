// Writes vectors and ids to an output file; its extension selects the format.

import Foundation
import MoCaSettings
import MoCaSystem
import MoCaTables
import Safetensors

/// The format of an output.
enum EmbeddingOutput: String, CaseIterable {
    /// float32 `[n, d]` in C order, with ids in OUTPUT.ids.json.
    case npy
    /// One `{"id", "embedding"}` object per line.
    case jsonl
    /// Columns `id` and `embedding` (list of float).
    case parquet
    /// Tensor `embeddings` `[n, d]`, with `ids` in the metadata as a JSON list. With a vector for
    /// each token, `embeddings` has the vectors of all records and `lengths` `[n]` their numbers.
    case safetensors

    /// Whether a record may have several vectors.
    var holdsSeveralVectors: Bool { self == .safetensors }

    /// - Throws: `VectorError.unknownOutput`.
    init(of url: URL) throws {
        guard let format = Self(rawValue: url.pathExtension) else {
            throw VectorError.unknownOutput(path: url.path)
        }
        self = format
    }

    /// Writes the contents of a journal; each file is complete or absent.
    ///
    /// - Parameters:
    ///   - width: the number of components of a vector.
    ///   - isMultiVector: whether a record has a vector for each token.
    /// - Throws: `VectorError`, `DataError`, `SafetensorsError`.
    func write(
        _ journal: VectorJournal, width: Int, isMultiVector: Bool = false, to url: URL
    ) throws {
        try Self.wrapping {
            switch self {
            case .npy: try Self.writeNumPy(journal, width, url)
            case .jsonl: try Self.writeLines(journal, url)
            case .parquet: try Self.writeParquet(journal, url)
            case .safetensors:
                try Self.writeSafetensors(journal, width, isMultiVector: isMultiVector, url)
            }
        }
    }

    private static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as SystemFileError {
            throw VectorError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// Writes OUTPUT.errors.jsonl, or removes an old one if there are no errors.
    ///
    /// - Returns: the file, or nil if there are no errors.
    /// - Throws: `VectorError`.
    static func writeErrors(_ journal: VectorJournal, of output: URL) throws -> URL? {
        try wrapping { try writeErrors(journal, to: output.appendingPathExtension("errors.jsonl")) }
    }

    private static func writeErrors(_ journal: VectorJournal, to url: URL) throws -> URL? {
        var file: AtomicFile?
        try journal.forEachEntry { entry in
            guard entry.error != nil else { return }
            let open = try file ?? AtomicFile(url)
            file = open
            try open.append(JSONFormat.line.text(entry) + "\n")
        }
        guard let file else {
            try FileSystem.remove(url)
            return nil
        }
        try file.finish()
        return url
    }

    // MARK: - Formats

    private static func writeNumPy(
        _ journal: VectorJournal, _ width: Int, _ url: URL
    ) throws {
        let ids = try AtomicFile(url.appendingPathExtension("ids.json"))
        let file = try AtomicFile(url)
        try numPyHeader(rows: journal.commit.vectors, width: width)
            .withUnsafeBytes { try file.append($0) }
        try forEachVector(journal) { number, id, vector in
            try ids.append((number == 0 ? "[" : ",\n ") + JSONFormat.line.text(id))
            try vector.withUnsafeBytes { try file.append($0) }
        }
        try ids.append(journal.commit.vectors == 0 ? "[]\n" : "]\n")
        try ids.finish()
        try file.finish()
    }

    /// The header in version 1.0: a Python literal, padded to align the data.
    static func numPyHeader(rows: Int, width: Int) -> [UInt8] {
        let (magic, alignment) = ([UInt8]([0x93]) + Array("NUMPY".utf8) + [1, 0], 64)
        var literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
        let length = magic.count + 2 + literal.utf8.count + 1
        literal += String(repeating: " ", count: (alignment - length % alignment) % alignment)
        literal += "\n"
        let count = UInt16(literal.utf8.count)
        return magic + [UInt8(count & 0xff), UInt8(count >> 8)] + Array(literal.utf8)
    }

    private static func writeLines(_ journal: VectorJournal, _ url: URL) throws {
        let file = try AtomicFile(url)
        try forEachVector(journal) { _, id, vector in
            let numbers = vector.map(\.description).joined(separator: ",")
            try file.append("{\"id\":\(JSONFormat.line.text(id)),\"embedding\":[\(numbers)]}\n")
        }
        try file.finish()
    }

    private static func writeParquet(_ journal: VectorJournal, _ url: URL) throws {
        let writer = try EmbeddingWriter(url)
        try forEachVector(journal) { _, id, vector in
            try writer.append(id: id, vector: vector)
        }
        try writer.finish()
    }

    private static func writeSafetensors(
        _ journal: VectorJournal, _ width: Int, isMultiVector: Bool, _ url: URL
    ) throws {
        var (ids, lengths) = ([String](), [Int64]())
        try journal.forEachRecord { entry, vectors in
            ids.append(entry.id ?? "")
            lengths.append(Int64(vectors.count / width))
        }
        let list = try JSONFormat.escapedLine.text(ids)
        let name = "embeddings"
        let rows = Int(lengths.reduce(0, +))
        var tensors = [SafetensorsDeclaration(name, .float32, [rows, width])]
        if isMultiVector {
            // First, as the wider type: readers need its offset to be a multiple of 8.
            tensors.insert(SafetensorsDeclaration("lengths", .int64, [lengths.count]), at: 0)
        }
        let writer = try SafetensorsWriter(url, tensors: tensors, metadata: ["ids": list])
        if isMultiVector {
            try lengths.withUnsafeBytes { try writer.append($0, to: "lengths") }
        }
        try forEachVector(journal) { _, _, vector in
            try vector.withUnsafeBytes { try writer.append($0, to: name) }
        }
        try writer.finish()
    }

    private static func forEachVector(
        _ journal: VectorJournal, _ body: (Int, String, [Float]) throws -> Void
    ) throws {
        var index = 0
        try journal.forEachRecord { entry, vector in
            try body(index, entry.id ?? "", vector)
            index += 1
        }
    }
}
