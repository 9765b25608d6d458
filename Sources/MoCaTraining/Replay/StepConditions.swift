// What a step of a run was computed under beside weights, batches and objective, as texts of a kept
// batch: `moca replay` computes it again bit for bit.

import Foundation
import MoCaSettings
package import NN
package import Torch

/// The conditions of one step.
package struct StepConditions: Sendable, Hashable, Codable {
    /// Of the adapters' folder in the folder of a kept step.
    package static let adapterName = "adapter"
    private static let key = "conditions"

    /// The type of weights and states.
    package var dtype: DType
    /// nil: as many as libtorch took.
    package var threads: Int?
    /// Of dropout.
    package var seed: UInt64
    /// Updates before the step: the place of its dropout masks.
    package var updates: Int
    /// What the loss was multiplied by.
    package var lossScale: Double
    /// Whether gradients of 16-bit weights were summed in float32.
    package var sumsInFloat32: Bool
    /// Parameters that were not trained.
    package var frozen: [KeyPattern]
    /// Whether adapters were trained, which are in `adapterName`.
    package var hasAdapters: Bool

    /// - Parameter step: the step's number; the one before it is the last that is done.
    init(_ recipe: Recipe, _ store: ParameterStore, step: Int) {
        dtype = store.dtype
        (threads, seed, updates) = (recipe.runtime.threads, recipe.seed, step - 1)
        lossScale = store.context.lossScale
        sumsInFloat32 = recipe.runtime.widensGradients
        (frozen, hasAdapters) = (recipe.frozen, store.adapters != nil)
    }

    /// The conditions that a file was written with; nil where it says nothing.
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

    /// The texts of a file, `dtype` among them for whoever reads that alone.
    func metadata() throws -> [String: String] {
        ["dtype": dtype.rawValue, Self.key: try JSONFormat.line.text(self)]
    }

    /// Makes a model that was loaded to be trained compute as in the step. Said when all parameters
    /// were asked for.
    ///
    /// - Throws: `ParameterError.patternUnused`.
    package func apply(to store: ParameterStore) throws {
        try store.freeze(frozen, setting: "model.freeze")
        if sumsInFloat32 { store.widenGradients() }
        store.context.place = .init(step: updates)
        store.context.lossScale = lossScale
    }
}
