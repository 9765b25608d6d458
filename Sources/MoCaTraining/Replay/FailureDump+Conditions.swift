// The conditions of a run's step other than weights, batches and objective, stored as metadata of a
// dumped batch so that `moca replay` recomputes the step bit for bit.

import Foundation
import MoCaSettings
package import NN
package import Torch

extension FailureDump {
    /// The conditions of one step.
    package struct Conditions: Sendable, Hashable, Codable {
        /// The name of the adapter subfolder in a failure dump.
        package static let adapterName = "adapter"
        private static let key = "conditions"

        /// The type of weights and optimiser states.
        package var dtype: DType
        /// The number of threads; nil for libtorch's default.
        package var threads: Int?
        /// The seed of dropout.
        package var seed: UInt64
        /// The number of updates before the step, which determines its dropout masks.
        package var updates: Int
        /// The factor that the loss was multiplied by.
        package var lossScale: Double
        /// Whether gradients of 16-bit weights were summed in float32.
        package var sumsInFloat32: Bool
        /// The patterns of parameters that were not trained.
        package var frozen: [KeyPattern]
        /// Whether adapters were trained; they are stored in `adapterName`.
        package var hasAdapters: Bool

        /// Records the conditions of a step.
        ///
        /// - Parameter step: The number of the step; `step - 1` updates are done.
        init(_ recipe: Recipe, _ store: ParameterStore, step: Int) {
            dtype = store.dtype
            (threads, seed, updates) = (recipe.runtime.threads, recipe.seed, step - 1)
            lossScale = store.context.lossScale
            sumsInFloat32 = recipe.runtime.widensGradients
            (frozen, hasAdapters) = (recipe.frozen, store.adapters != nil)
        }

        /// Reads the conditions from a file's metadata; nil if it contains none.
        ///
        /// - Throws: `TrainingError.unreadableFile`.
        package init?(metadata: [String: String], file: String) throws {
            guard let text = metadata[Self.key] else { return nil }
            do {
                self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
            } catch {
                throw TrainingError.unreadableFile(
                    path: file,
                    reason: "\(Self.key) in its metadata are not those of a step (\(error))")
            }
        }

        /// Returns the metadata of a file, with `dtype` also as an entry of its own.
        func metadata() throws -> [String: String] {
            ["dtype": dtype.rawValue, Self.key: try JSONFormat.line.text(self)]
        }

        /// Restores the recorded conditions in a model loaded with `isTrainable`. Call after all
        /// parameters were requested from the store.
        ///
        /// - Throws: `ParameterError.patternUnused`.
        package func apply(to store: ParameterStore) throws {
            try store.freeze(frozen, setting: "model.freeze")
            if sumsInFloat32 { store.widenGradients() }
            store.context.place = .init(step: updates)
            store.context.lossScale = lossScale
        }
    }
}
