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

    /// Writes records with their vectors; each file is complete or absent.
    ///
    /// - Throws: `VectorError`, `DataError`, `SafetensorsError`, errors of the records.
    func write(_ records: some RecordVectors, to url: URL) throws {
        guard !records.settings.isMultiVector || holdsSeveralVectors else {
            throw VectorError.multiVectorOutput(path: url.path)
        }
        try Self.wrapping {
            switch self {
            case .npy: try Self.writeNumPy(records, url)
            case .jsonl: try Self.writeLines(records, url)
            case .parquet: try Self.writeParquet(records, url)
            case .safetensors: try Self.writeSafetensors(records, url)
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
    static func writeErrors(_ records: some RecordVectors, of output: URL) throws -> URL? {
        try wrapping { try writeErrors(records, to: output.appendingPathExtension("errors.jsonl")) }
    }

    private static func writeErrors(_ records: some RecordVectors, to url: URL) throws -> URL? {
        var file: AtomicFile?
        if records.recordCount > records.embeddedCount {
            try records.forEachEntry { entry in
                guard entry.error != nil else { return }
                let open = try file ?? AtomicFile(url)
                file = open
                try open.append(JSONFormat.line.text(entry) + "\n")
            }
        }
        guard let file else {
            try FileSystem.remove(url)
            return nil
        }
        try file.finish()
        return url
    }

    // MARK: - Formats

    private static func writeNumPy(_ records: some RecordVectors, _ url: URL) throws {
        let ids = try AtomicFile(url.appendingPathExtension("ids.json"))
        let file = try AtomicFile(url)
        try numPyHeader(rows: records.vectorCount, width: records.settings.conditions.dimensions)
            .withUnsafeBytes { try file.append($0) }
        try forEachVector(of: records) { number, id, vector in
            try ids.append((number == 0 ? "[" : ",\n ") + JSONFormat.line.text(id))
            try vector.withUnsafeBytes { try file.append($0) }
        }
        try ids.append(records.vectorCount == 0 ? "[]\n" : "]\n")
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

    private static func writeLines(_ records: some RecordVectors, _ url: URL) throws {
        let file = try AtomicFile(url)
        try forEachVector(of: records) { _, id, vector in
            let numbers = vector.map(\.description).joined(separator: ",")
            try file.append("{\"id\":\(JSONFormat.line.text(id)),\"embedding\":[\(numbers)]}\n")
        }
        try file.finish()
    }

    private static func writeParquet(_ records: some RecordVectors, _ url: URL) throws {
        let writer = try EmbeddingWriter(url)
        try forEachVector(of: records) { _, id, vector in
            try writer.append(id: id, vector: vector)
        }
        try writer.finish()
    }

    private static func writeSafetensors(_ records: some RecordVectors, _ url: URL) throws {
        // The ids are part of the header, whose size the format limits, so that they fit in memory.
        var (ids, lengths) = ([String](), [Int64]())
        try records.forEachEntry { entry in
            guard entry.error == nil else { return }
            ids.append(entry.id ?? "")
            lengths.append(Int64(entry.vectorCount ?? 1))
        }
        let list = try JSONFormat.escapedLine.text(ids)
        let (name, isMultiVector) = ("embeddings", records.settings.isMultiVector)
        let shape = [records.vectorCount, records.settings.conditions.dimensions]
        var tensors = [SafetensorsDeclaration(name, .float32, shape)]
        if isMultiVector {
            // First, as the wider type: readers need its offset to be a multiple of 8.
            tensors.insert(SafetensorsDeclaration("lengths", .int64, [lengths.count]), at: 0)
        }
        let writer = try SafetensorsWriter(url, tensors: tensors, metadata: ["ids": list])
        if isMultiVector {
            try lengths.withUnsafeBytes { try writer.append($0, to: "lengths") }
        }
        try forEachVector(of: records) { _, _, vector in
            try vector.withUnsafeBytes { try writer.append($0, to: name) }
        }
        try writer.finish()
    }

    private static func forEachVector(
        of records: some RecordVectors, _ body: (Int, String, [Float]) throws -> Void
    ) throws {
        var index = 0
        try records.forEachRecord { entry, vector in
            try body(index, entry.id ?? "", vector)
            index += 1
        }
    }
}
