// The vectors of one set beside its scores, as safetensors with ids in the metadata.

import Foundation
import MoCaSettings
import MoCaVectors
import Safetensors

/// The file of a set's vectors, `NAME_vectors.safetensors`; rows are copied from the matrix one by
/// one.
struct VectorFile {
    private enum Content {
        case vectors([Int])
        case bytes(Data)
    }

    /// The file of a set in an evaluation's folder.
    static func url(of set: String, in folder: URL) -> URL {
        folder.appending(path: "\(set)_vectors.safetensors")
    }

    private let matrix: VectorMatrix
    private var contents: [(tensor: SafetensorsDeclaration, content: Content)] = []

    init(_ matrix: VectorMatrix) {
        self.matrix = matrix
    }

    /// Adds rows of the matrix as float32 `[n, width]`. If rows have several vectors,
    /// `[sum of lengths, width]`, and the lengths `[n]` as `NAME_lengths`.
    mutating func add(vectors name: String, rows: [Int]) {
        let lengths = rows.map(matrix.vectorCount)
        let shape = [lengths.reduce(0, +), matrix.width]
        contents.append((.init(name, .float32, shape), .vectors(rows)))
        if matrix.isRagged { add(integers: "\(name)_lengths", lengths) }
    }

    /// Adds int64 `[n]`.
    mutating func add(integers name: String, _ values: [Int]) {
        let bytes = values.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) }
        contents.append((.init(name, .int64, [values.count]), .bytes(bytes)))
    }

    /// - Parameter ids: lists to store in the metadata as JSON.
    /// - Throws: `SafetensorsError`.
    func write(to url: URL, ids: [String: [String]]) throws {
        let metadata = try ids.mapValues { try JSONFormat.line.text($0) }
        let sorted = contents.sorted {
            SafetensorsDeclaration.canonicalOrder($0.tensor, $1.tensor)
        }
        let writer = try SafetensorsWriter(url, tensors: sorted.map(\.tensor), metadata: metadata)
        for (tensor, content) in sorted {
            switch content {
            case .bytes(let bytes):
                try bytes.withUnsafeBytes { try writer.append($0, to: tensor.name) }
            case .vectors(let rows):
                for row in rows {
                    try matrix.withBytes(ofRow: row) { try writer.append($0, to: tensor.name) }
                }
            }
        }
        try writer.finish()
    }
}
