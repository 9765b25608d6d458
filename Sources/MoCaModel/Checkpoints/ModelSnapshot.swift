// The trained state at one moment, which is written while training continues.

package import Foundation
import NN
import Safetensors
import Torch

/// The configuration and weights of a model; with adapters, only the adapters.
package struct ModelSnapshot: @unchecked Sendable {
    /// The settings of the adapters, and their base model.
    struct Adapters {
        let settings: AdapterSettings
        let base: URL
    }

    let configuration: any BackboneConfiguration
    /// The tensors, which no other code changes while they are written.
    let tensors: [(key: String, tensor: Tensor)]
    /// The settings of the adapters; nil if `tensors` are all weights.
    let adapters: Adapters?

    /// Writes `config.json` and the weights, or the adapters in PEFT's layout, into `folder`, each
    /// beside its name and then renamed.
    ///
    /// - Throws: `SafetensorsError`, `ModelError`.
    package func write(to folder: URL) throws {
        if let adapters {
            return try AdapterFiles.write(
                tensors.map { (configuration.writtenKey($0.key), $0.tensor) }, adapters.settings,
                base: adapters.base, to: folder)
        }
        let type = tensors.first?.tensor.dtype ?? .float32
        let writer = try ShardedSafetensorsWriter(
            folder,
            tensors: tensors.map {
                SafetensorsDeclaration(
                    configuration.writtenKey($0.key), type.stored, $0.tensor.shape)
            })
        for (key, tensor) in tensors {
            let name = configuration.writtenKey(key)
            try tensor.detached().withBytes { try writer.append($0, to: name) }
        }
        try writer.finish()
        var written = configuration
        written.storageType = type.rawValue
        try PretrainedModel.write(written, to: folder)
    }
}

extension PretrainedModel {
    /// A snapshot of the current trained state, from which a run can resume.
    ///
    /// - Parameters:
    ///   - base: the model that adapters were trained on.
    ///   - copies: whether tensors are copied; if false, they share the weights' memory, which
    ///     must not change before they are written.
    ///   - isForTraining: whether training-only parameters (a learned temperature), which PEFT
    ///     does not know, are included.
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
