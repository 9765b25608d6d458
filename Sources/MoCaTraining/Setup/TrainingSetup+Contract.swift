// The contract of the model that a run trains.

import Foundation
import MoCaCore
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaTokenizer

extension TrainingSetup {
    /// The contract of the trained model: that of its base with the settings of the run.
    ///
    /// - Throws: `ProcessingError`.
    static func contract(
        _ recipe: Recipe, _ base: EmbeddingContract, _ images: ImageProcessorConfiguration,
        _ tokenizer: Tokenizer, _ configuration: any BackboneConfiguration
    ) throws(ProcessingError) -> EmbeddingContract {
        var contract = base
        // Weights are trained by MoCa's rules, whatever embedder they come from.
        let declaration = ModelDeclaration(modelType: type(of: configuration).modelType)
        let isOwn = try EmbedderRules.preset(for: declaration) == .moca
        contract.embedder = isOwn ? nil : EmbedderRules.moca.name
        contract.positions = nil
        contract.alpha = nil
        contract.instruction = nil
        // Training changes the weights, so old probes no longer hold.
        contract.probes = []
        // Tiles and crops have sizes of their own.
        let budget = images.fitting == .tokens ? images.budget : nil
        (contract.minPixels, contract.maxPixels) = (budget?.minPixels, budget?.maxPixels)
        contract.orientation = recipe.data.orientation ?? contract.orientation
        contract.maskToken = tokenizer.configuration.maskToken
        contract.attention = .bidirectional
        contract.pooling = .mean
        contract.normalize = true
        if case .contrastive(let settings) = recipe.objective {
            (contract.attention, contract.pooling) = (settings.attention, settings.pooling)
            if !settings.loss.matryoshkaDimensions.isEmpty {
                contract.dimensions = settings.loss.matryoshkaDimensions
            }
            let prompts = recipe.data.prompts
            contract.prompts[.query] = prompts.templates.query
            contract.prompts[.document] = prompts.templates.positive
        }
        return contract
    }

    /// The contract of the model to start from. Pooling and normalisation are those of the run, so
    /// that a pooling of sentence-transformers that cannot be computed does not matter.
    ///
    /// - Parameters:
    ///   - source: the folder of a model, or of a checkpoint.
    ///   - weights: the folder with `config.json`, which a checkpoint of adapters lacks.
    /// - Throws: `ModelError`, `ProcessingError`.
    static func baseContract(_ source: URL, weights: URL) throws -> EmbeddingContract {
        let own = try EmbeddingContract(of: source) ?? EmbeddingContract()
        let rules = try EmbedderRules(ModelDeclaration(of: weights), own)
        do {
            return try rules.contract(of: source)?.contract ?? own
        } catch {
            guard case .unsupportedModule = error else { throw error }
            return own
        }
    }
}
