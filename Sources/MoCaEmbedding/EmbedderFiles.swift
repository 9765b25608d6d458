// What a model's folder says about its embedder, read before the weights.

import Foundation
import MoCaModel
import MoCaProcessing

/// The contract and the rules of a model's folder.
struct EmbedderFiles {
    let contract: EmbeddingContract
    let rules: EmbedderRules
    /// The number of components of a vector.
    let vectorLength: Int

    /// Reads the files.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`, `ProcessingError`.
    init(of folder: URL) throws {
        let configuration = try PretrainedModel.configuration(of: folder)
        let declaration = try ModelDeclaration(of: folder)
        let unchecked = try EmbeddingContract(of: folder) ?? EmbeddingContract()
        var rules = try EmbedderRules(declaration, unchecked)
        let projected = rules.isMultiVector ? try TokenProjection.length(in: folder) : nil
        vectorLength = projected ?? configuration.vectorLength
        contract =
            try rules.contract(of: folder, vectorLength: vectorLength)?.contract
            ?? EmbeddingContract()
        try rules.apply(contract)
        self.rules = rules
    }
}
