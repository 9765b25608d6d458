// The dump of a step whose loss or gradient is not finite, for `moca replay`: the batches with the
// objective in their metadata, and the weights.

import Foundation
import MoCaModel
import MoCaObjectives
import NN
import Safetensors
import Torch

/// Writes the batches of a step in the format of `moca replay`.
package struct FailureDump {
    /// The name prefix of the dump folders in a run folder.
    static let folderPrefix = "not-finite-"
    /// The number of skipped steps that are dumped; more would fill the disk with weights.
    static let keptCount = 3

    private let metadata: [String: String]
    /// The model that adapters were trained on.
    private let base: URL

    /// Creates a dump writer.
    ///
    /// - Parameter conditions: The conditions of the step; nil for a batch that does not come from
    ///   a run.
    init(
        _ recipe: Recipe, step: Int, records: [String], _ conditions: FailureDump.Conditions? = nil
    ) throws {
        base = recipe.model.folder
        var texts = try recipe.objective.metadata()
        texts["step"] = "\(step)"
        texts["records"] = records.joined(separator: " ")
        texts["mini_batch_tokens"] = recipe.batch.miniBatchTokens.map { "\($0)" }
        texts.merge(try conditions?.metadata() ?? [:]) { $1 }
        metadata = texts
    }

    /// Writes a reconstruction batch.
    ///
    /// - Throws: `SafetensorsError`.
    func write(_ batch: ReconstructionBatch, to url: URL) throws {
        try ReplayBatch.write(batch, metadata: metadata, to: url)
    }

    /// Writes a contrastive batch.
    ///
    /// - Throws: `SafetensorsError`.
    func write(_ batch: ContrastiveBatch, to url: URL) throws {
        try ReplayBatch.write(batch, metadata: metadata, to: url)
    }

    /// Writes the batches of a step and its state into a folder of `runFolder`: the weights
    /// without their adapters, and the adapters in a subfolder.
    ///
    /// - Returns: The folder's path.
    /// - Throws: `TrainingError`, `SafetensorsError`, `ModelError`.
    func keep<Batch>(
        _ prepared: PreparedStep<Batch>, _ start: TrainingSetup, in runFolder: URL,
        _ write: (FailureDump, Batch, URL) throws -> Void
    ) throws -> String {
        let folder = runFolder.appending(
            path: Self.folderPrefix + (metadata["step"] ?? ""))
        try RunFile.writeFolder(folder) { partial in
            try start.files.write(to: partial)
            try start.model.save(to: partial, isForTraining: true, mergesAdapters: false)
            if start.model.store.adapters != nil {
                let adapter = partial.appending(path: FailureDump.Conditions.adapterName)
                try RunFile.makeFolder(adapter)
                try start.model.snapshot(base: base, copies: false, isForTraining: false)
                    .write(to: adapter)
            }
            for (number, batch) in prepared.batches.enumerated() {
                let name = number == 0 ? "batch" : "batch-\(number + 1)"
                try write(self, batch, partial.appending(path: "\(name).safetensors"))
            }
        }
        return folder.path
    }
}
