// The weights of a model at one moment, which are written while the model goes on learning.

package import Foundation
import NN
import Safetensors
package import Torch

/// Configuration and weights.
package struct ModelSnapshot: @unchecked Sendable {
    let configuration: Qwen25VLConfiguration
    /// Nobody else changes these while they are written.
    let tensors: [(key: String, tensor: Tensor)]

    /// Writes `config.json` and the weights into `folder`, each beside its name and then renamed.
    ///
    /// - Parameter dtype: the type of the stored weights; nil keeps that of the parameters.
    /// - Throws: `SafetensorsError`, `ModelError`.
    package func write(to folder: URL, dtype: DType? = nil) throws {
        let type = dtype ?? tensors.first?.tensor.dtype ?? .float32
        let writer = try ShardedSafetensorsWriter(
            folder,
            tensors: tensors.map { SafetensorsDeclaration($0.key, type.stored, $0.tensor.shape) })
        for (key, tensor) in tensors {
            try tensor.detached().to(type).withBytes { try writer.append($0, to: key) }
        }
        try writer.finish()
        var written = configuration
        written.storageType = type.rawValue
        try PretrainedModel.write(written, to: folder)
    }
}

extension PretrainedModel {
    /// The weights as they are now.
    ///
    /// - Parameters:
    ///   - includesHeads: whether the pre-training heads are taken, where the model has them.
    ///   - copies: false shares the weights' memory: then they must not change before they are
    ///     written.
    package func snapshot(includesHeads: Bool, copies: Bool) -> ModelSnapshot {
        let kept = store.parameters.filter {
            includesHeads || !CheckpointKeys.isPretrainingHead($0.key)
        }
        return ModelSnapshot(
            configuration: configuration,
            tensors: kept.map { ($0.key, copies ? $0.tensor.processorCopy : $0.tensor) })
    }
}
