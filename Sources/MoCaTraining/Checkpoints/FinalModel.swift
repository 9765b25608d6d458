// The results of a run: `model/` in Hugging Face layout, `adapter/` if adapters were trained, and
// `model-raw/` if `model/` has averaged weights.

import Foundation
import MoCaModel
import MoCaRanks
import NN
import Torch

/// Writes the results of a run into its folder.
struct FinalModel {
    static let adapterName = "adapter"
    static let rawName = "model-raw"

    private let recipe: Recipe
    private let start: TrainingSetup
    private let optimizer: RankedAdamW
    private let team: RankTeam?

    init(
        _ recipe: Recipe, _ start: TrainingSetup, _ optimizer: RankedAdamW,
        team: RankTeam? = nil
    ) {
        (self.recipe, self.start, self.optimizer) = (recipe, start, optimizer)
        self.team = team
    }

    /// Writes the model, and the adapter and raw weights if there are any. Called on all ranks,
    /// whose averages may be needed; the first one writes.
    ///
    /// - Returns: The folder of the model to use.
    /// - Throws: `TrainingError`, `SafetensorsError`, `ModelError`, `RankError`.
    func write() throws -> URL {
        if recipe.optimizer.adamW.averageDecay != nil {
            let writeRaw = { try writeModel(Self.rawName).path }
            _ = try team.map { try $0.fromFirst("raw-model", writeRaw) } ?? writeRaw()
            // Nothing is trained after this, so the averages may replace the weights.
            try catchingTorchErrors { optimizer.applyAverages() }
        }
        guard team?.isFirst ?? true else {
            return recipe.outputFolder.appending(path: TrainingRun.modelName)
        }
        if start.model.store.adapters != nil {
            try RunFile.writeFolder(recipe.outputFolder.appending(path: Self.adapterName)) {
                try start.model.snapshot(
                    base: recipe.model.folder, copies: false, isForTraining: false
                ).write(to: $0)
            }
        }
        return try writeModel(TrainingRun.modelName)
    }

    /// Writes a model folder, including weights that the run did not use, so that a fine-tuned
    /// model can be pre-trained further.
    @discardableResult
    private func writeModel(_ name: String) throws -> URL {
        let folder = recipe.outputFolder.appending(path: name)
        try RunFile.writeFolder(folder) { partial in
            try start.files.write(to: partial)
            if case .path(let source) = recipe.model {
                try start.model.save(to: partial, carrying: source)
            } else {
                try start.model.save(to: partial)
            }
            let length = start.model.configuration.vectorLength
            try SentenceTransformersSettings.write(
                start.files.contract, vectorLength: length, to: partial)
            try ModelCard(recipe, start.files.contract, vectorLength: length).write(to: partial)
        }
        return folder
    }
}
