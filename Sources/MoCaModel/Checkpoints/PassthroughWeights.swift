// Weights of a checkpoint that a model does not use, but that its own checkpoint preserves: a
// fine-tuned model can then be pre-trained further.

import Foundation
import NN
import Safetensors
import Torch

/// The unused weights of a source checkpoint, never in memory all at once.
struct PassthroughWeights {
    private let checkpoint: SafetensorsCheckpoint
    /// The canonical and stored names.
    private let names: [(key: String, name: String)]
    private let configuration: any BackboneConfiguration

    /// Finds the weights of `source` that `model` does not use.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`.
    init(in source: URL, besides model: PretrainedModel) throws {
        checkpoint = try SafetensorsCheckpoint(opening: source)
        configuration = model.configuration
        let isTied = model.configuration.isTied
        names = try CheckpointKeys.table(of: checkpoint.names)
            .filter { key, _ in
                model.store.tensors[key] == nil && CheckpointKeys.isCarried(key, isTied: isTied)
            }
            .sorted { $0.key < $1.key }
            .map { (key: $0.key, name: $0.value) }
    }

    func declarations(_ type: DType) throws -> [SafetensorsDeclaration] {
        try names.map { key, name in
            SafetensorsDeclaration(
                configuration.writtenKey(key), type.stored, try checkpoint.entry(name).shape)
        }
    }

    func append(to writer: ShardedSafetensorsWriter, _ type: DType) throws {
        for (key, name) in names {
            let file = try checkpoint.file(of: name)
            guard let tensor = try Tensor(name, in: file) else { continue }
            let written = configuration.writtenKey(key)
            try tensor.to(type).withBytes { try writer.append($0, to: written) }
            try file.release(name)
        }
    }
}
