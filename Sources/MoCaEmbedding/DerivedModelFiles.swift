// The files beside the weights of a model derived from others: its contract and its card.

package import Foundation
import MoCaCore
import MoCaModel
import MoCaProcessing
import MoCaSystem

/// The contract and the card of a model derived from others without training.
package struct DerivedModelFiles {
    private let models: [URL]
    private let files: EmbedderFiles
    /// The contract that all models share, without probes, which belong to other weights; of
    /// different contracts, the rules, which agree.
    private let contract: EmbeddingContract

    /// Reads the files of the models that another one will be derived from.
    ///
    /// - Throws: `ModelError`, such as `.modelsDiffer` for models of different embedders;
    ///   `SafetensorsError`, `ProcessingError`.
    package init(base: URL, others: [URL] = []) throws {
        models = [base] + others
        files = try EmbedderFiles(of: base)
        var isShared = true
        for other in others {
            let theirs = try EmbedderFiles(of: other)
            try Self.requireLike(base, files.rules, other, theirs.rules)
            if theirs.contract.withoutProbes != files.contract.withoutProbes { isShared = false }
        }
        contract = isShared ? files.contract.withoutProbes : files.contract.rulesOnly
    }

    /// Writes `moca.json` unless it would be empty, for MoCa's own rules the files of
    /// sentence-transformers, which do not describe those of other embedders, and the card.
    ///
    /// - Parameter origin: what was done to the models, a sentence.
    /// - Throws: `ModelError.cannotWrite`.
    package func write(to folder: URL, origin: String) throws {
        let hasContract = contract != EmbeddingContract()
        let hasModules = hasContract && isMoCa
        if hasContract { try writeContract(to: folder) }
        if hasModules {
            try SentenceTransformersSettings.write(
                contract, vectorLength: files.vectorLength, to: folder)
        }
        var card = ModelCard(
            origin: origin, contract: resolvedContract, vectorLength: files.vectorLength)
        card.bases = models.map(ModelCard.Base.init)
        card.embedder = isMoCa ? nil : files.rules.name
        card.isMultiVector = files.rules.isMultiVector
        card.hasContract = hasContract
        card.hasModules = hasModules
        try card.write(to: folder)
    }

    private var isMoCa: Bool { files.rules.name == EmbedderRules.moca.name }

    /// The contract with the rules of the embedder that it leaves open.
    private var resolvedContract: EmbeddingContract {
        var resolved = contract
        resolved.attention = files.rules.attention
        resolved.pooling = files.rules.pooling
        return resolved
    }

    private func writeContract(to folder: URL) throws {
        let url = folder.appending(path: EmbeddingContract.fileName)
        do {
            try AtomicFile.write(contract.fileData(), to: url)
        } catch {
            throw ModelError.cannotWrite(file: url.path, reason: error.fileReason)
        }
    }

    /// Checks that two models are embedded by the same rules; prompts and instructions may differ.
    ///
    /// - Throws: `ModelError.modelsDiffer`.
    private static func requireLike(
        _ first: URL, _ rules: EmbedderRules, _ second: URL, _ others: EmbedderRules
    ) throws(ModelError) {
        var (mine, theirs) = (EmbedderSummary(rules), EmbedderSummary(others))
        mine.instruction = nil
        theirs.instruction = nil
        guard mine.line == theirs.line else {
            throw .modelsDiffer(
                first: first.path, second: second.path,
                reason: "their embedders are \(mine.line) and \(theirs.line)")
        }
    }
}

extension EmbeddingContract {
    /// The contract for other weights.
    fileprivate var withoutProbes: EmbeddingContract {
        var contract = self
        contract.probes = []
        return contract
    }

    /// The part that selects the rules of an embedder.
    fileprivate var rulesOnly: EmbeddingContract {
        var contract = EmbeddingContract()
        contract.embedder = embedder
        contract.attention = attention
        contract.pooling = pooling
        contract.positions = positions
        contract.alpha = alpha
        return contract
    }
}
