// What a run has learnt at one moment, which is written while the model goes on learning.

package import Foundation
import NN
import Safetensors
import Torch

/// Configuration and weights; of a model with adapters, these alone.
package struct ModelSnapshot: @unchecked Sendable {
    /// Adapters, and the model that they belong to.
    struct Adapters {
        let settings: AdapterSettings
        let base: URL
    }

    let configuration: any BackboneConfiguration
    /// Nobody else changes these while they are written.
    let tensors: [(key: String, tensor: Tensor)]
    /// nil where `tensors` are all weights.
    let adapters: Adapters?

    /// Writes `config.json` and the weights, or the adapters as PEFT does, into `folder`, each
    /// beside its name and then renamed.
    ///
    /// - Throws: `SafetensorsError`, `ModelError`.
    package func write(to folder: URL) throws {
        if let adapters {
            return try AdapterFiles.write(
                tensors, adapters.settings, base: adapters.base, to: folder)
        }
        let type = tensors.first?.tensor.dtype ?? .float32
        let writer = try ShardedSafetensorsWriter(
            folder,
            tensors: tensors.map { SafetensorsDeclaration($0.key, type.stored, $0.tensor.shape) })
        for (key, tensor) in tensors {
            try tensor.detached().withBytes { try writer.append($0, to: key) }
        }
        try writer.finish()
        var written = configuration
        written.storageType = type.rawValue
        try PretrainedModel.write(written, to: folder)
    }
}

extension PretrainedModel {
    /// What a run goes on from, as it is now.
    ///
    /// - Parameters:
    ///   - base: the model that adapters were trained on.
    ///   - copies: false shares the weights' memory: then they must not change before they are
    ///     written.
    ///   - isForTraining: whether parameters that are of use in training alone (a learned
    ///     temperature), which PEFT does not know, are taken.
    package func snapshot(
        base: URL, copies: Bool, isForTraining: Bool = true
    ) -> ModelSnapshot {
        let adapters = store.adapters.map {
            ModelSnapshot.Adapters(settings: $0.settings, base: base)
        }
        let all = adapters == nil ? store.parameters : store.trainableParameters
        let kept = all.filter { isForTraining || $0.key != CheckpointKeys.logScale }
        return ModelSnapshot(
            configuration: configuration,
            tensors: kept.map { ($0.key, copies ? $0.tensor.processorCopy : $0.tensor) },
            adapters: adapters)
    }
}
