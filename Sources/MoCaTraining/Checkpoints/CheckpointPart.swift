// The parts of a checkpoint. Each defines how its values are copied while training waits, and
// how the copy is written while training continues.

import Foundation
import MoCaModel
import NN
import Safetensors
import Torch

/// One part of a checkpoint, such as the model or the optimiser.
struct CheckpointPart {
    /// Writes a snapshot into a folder; called on another thread.
    typealias Writing = (URL) throws -> Void

    /// Takes a snapshot of the values. The argument says whether it must be a copy, because
    /// training continues before it is written.
    let take: (Bool) throws -> Writing

    /// Returns the part for a model folder: configuration, weights with heads, tokenizer, contract.
    ///
    /// - Parameter base: The model that adapters were trained on.
    static func model(
        _ model: PretrainedModel, _ files: ModelFiles, base: URL
    ) -> CheckpointPart {
        CheckpointPart { copies in
            let weights = model.snapshot(base: base, copies: copies)
            return { folder in
                try files.write(to: folder)
                try weights.write(to: folder)
            }
        }
    }

    /// Returns the part for the moments of an optimiser.
    static func optimizer(_ optimizer: AdamW) -> CheckpointPart {
        tensors(Checkpoint.optimizerName) { optimizer.stateTensors }
    }

    /// Returns the part for a file of tensors.
    static func tensors(
        _ fileName: String, _ tensors: @escaping () -> [(name: String, tensor: Tensor)]
    ) -> CheckpointPart {
        CheckpointPart { copies in
            let taken = tensors().map { ($0.name, copies ? $0.tensor.processorCopy : $0.tensor) }
            return { folder in try write(taken, to: folder.appending(path: fileName)) }
        }
    }

    private static func write(_ tensors: [(name: String, tensor: Tensor)], to url: URL) throws {
        let declarations = tensors.map {
            SafetensorsDeclaration($0.name, $0.tensor.dtype.stored, $0.tensor.shape)
        }
        let order = declarations.indices.sorted {
            SafetensorsDeclaration.canonicalOrder(declarations[$0], declarations[$1])
        }
        let writer = try SafetensorsWriter(url, tensors: order.map { declarations[$0] })
        for index in order {
            try tensors[index].tensor.withBytes { try writer.append($0, to: tensors[index].name) }
        }
        try writer.finish()
    }
}
