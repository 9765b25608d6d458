// A tiny checkpoint, records for it, and the vectors that transformers gives.

import Foundation
import MoCaCore
import MoCaTestSupport
import Safetensors
import Torch
@testable import MoCaEmbedding
@testable import MoCaVectors

/// The golden fixtures of the model.
let modelFixtures = Repository.fixtures.appending(path: "model")

/// Two bfloat16 shards, nested settings.
let checkpoint = Repository.tinyCheckpoint

/// Five records.
let records = modelFixtures.appending(path: "embed.jsonl")

/// The vectors of the records, one after the other: `embedding.mean`, `embedding.last`, ...
func goldenVectors(_ name: String) throws -> [[Float]] {
    let file = try SafetensorsFile(mapping: modelFixtures.appending(path: "embed.safetensors"))
    let values = try file.bytes(of: name).withMemoryRebound(to: Float.self) { Array($0) }
    return rows(values, width: 32)
}

/// `values` cut into rows.
func rows(_ values: [Float], width: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
}

/// A job on the tiny checkpoint.
func job(_ input: URL, _ output: URL, _ change: (inout EmbedderOptions) -> Void = { _ in })
    -> EmbeddingJob
{
    var options = EmbedderOptions()
    options.dtype = .float32
    change(&options)
    return EmbeddingJob(
        model: checkpoint, options: options, input: .file(input), output: output,
        imageFolder: input.deletingLastPathComponent())
}

/// The vectors of a `.npy` file that the job wrote.
func numPyVectors(_ url: URL, width: Int = 32) throws -> [[Float]] {
    let data = try Data(contentsOf: url)
    let start = data.startIndex + 10 + Int(data[8]) + Int(data[9]) << 8
    let values = data[start...].withUnsafeBytes { bytes in
        (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    return rows(values, width: width)
}
