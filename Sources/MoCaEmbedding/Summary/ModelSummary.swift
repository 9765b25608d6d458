// The content of a model's folder, read from headers and settings only.

package import Foundation
import MoCaCore
import MoCaHub
import MoCaImage
package import MoCaModel
import MoCaProcessing
import NN
import Safetensors

/// Architecture, parameters, stored dtypes and memory of one model.
package struct ModelSummary: Sendable, Encodable {
    /// A part of the model, with its number of parameters.
    package struct Part: Sendable, Encodable {
        var name: String
        var parameters: Int
    }

    /// The folder.
    package var model: String
    /// The name on the Hub; nil for a folder outside of the Hub's cache.
    package var name: String?
    /// The commit of `name`.
    package var commit: String?
    package var architecture: String
    package var text: [String: Int]
    package var vision: [String: Int]
    package var parameters: Int
    package var parts: [Part]
    /// The bytes of the stored weights by dtype.
    package var storedBytes: [String: Int]
    /// The bytes of the weights in memory by compute dtype.
    package var memoryBytes: [String: Int]
    package var vectorLength: Int
    package var vocabularySize: Int
    /// The number of tokens of the tokenizer, whose embedding may have more rows; nil without one.
    package var tokenizerSize: Int?
    package var hasPretrainingHeads: Bool
    package var isTied: Bool
    /// The names of missing weights.
    package var missing: [String]
    package var unknown: [String]
    package var embedder: EmbedderSummary
    /// How inputs are prepared; nil if the settings cannot be used.
    package var inputs: InputSummary?
    /// The contract from `moca.json` and the files of sentence-transformers.
    package var contract: EmbeddingContract?
    /// The files that the contract comes from.
    package var contractFiles: [String] = []
    /// Where these files disagree, or why vectors cannot be computed.
    package var notes: [String] = []

    private enum CodingKeys: String, CodingKey {
        case model, name, commit, notes, architecture, text, vision, parameters, parts, missing
        case unknown, embedder, inputs, contract
        case contractFiles = "contract_files"
        case storedBytes = "stored_bytes"
        case memoryBytes = "memory_bytes"
        case vectorLength = "vector_length"
        case vocabularySize = "vocabulary_size"
        case tokenizerSize = "tokenizer_size"
        case hasPretrainingHeads = "has_pretraining_heads"
        case isTied = "is_tied"
    }

    /// Reads the headers and settings in `folder`.
    ///
    /// - Parameter tokenizerSize: the number of tokens of the model's tokenizer; nil without one.
    /// - Throws: `ModelError`, `SafetensorsError`, the errors of `tokenizerSize`.
    package init(
        reading folder: URL, tokenizerSize: @autoclosure () throws -> Int?
    ) throws {
        _ = try PretrainedModel.configurationFile(in: folder)
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        let names = try CheckpointKeys.table(of: checkpoint.names)
        let configuration = try PretrainedModel.configuration(
            of: folder, names: names, in: checkpoint)
        hasPretrainingHeads = names.keys.contains(where: CheckpointKeys.isPretrainingHead)
        isTied = configuration.isTied
        let checkpointRules = CheckpointRules(
            purpose: .embedding, isTied: isTied, unusedKeys: configuration.unusedKeys)
        let needed = PretrainedModel.declarations(configuration, purpose: .embedding)
        let all = PretrainedModel.declarations(configuration, purpose: .pretraining)
        let stored = all.filter { names[$0.key] != nil }
        parts = Self.parts(stored, configuration.partKeys)
        parameters = parts.reduce(0) { $0 + $1.parameters }
        missing = needed.map(\.key).filter { names[$0] == nil }
        let known = Set(all.map(\.key))
        unknown = names.keys.filter { !known.contains($0) && !checkpointRules.mayBeUnused($0) }
            .sorted()
        storedBytes = try checkpoint.names.reduce(into: [:]) { bytes, name in
            let entry = try checkpoint.entry(name)
            bytes[entry.dtype.rawValue, default: 0] += entry.byteCount
        }
        let count = needed.reduce(0) { $0 + $1.count }
        memoryBytes = ["float32": 4 * count, "bfloat16": 2 * count, "float16": 2 * count]
        model = folder.path
        architecture = type(of: configuration).familyName
        (text, vision) = configuration.summary
        let unchecked = try EmbeddingContract(of: folder)
        var rules = try EmbedderRules(
            ModelDeclaration(of: folder), unchecked ?? EmbeddingContract())
        embedder = EmbedderSummary(rules)
        let projected = rules.isMultiVector ? try TokenProjection.length(in: folder) : nil
        vectorLength = projected ?? configuration.vectorLength
        vocabularySize = configuration.vocabularySize
        self.tokenizerSize = try tokenizerSize()
        let snapshot = HubSnapshot(folder)
        name = snapshot?.name
        commit = snapshot?.commit
        try readContract(folder, rules)
        if let contract { try rules.apply(contract) }
        embedder = EmbedderSummary(rules)
        readInputs(folder, rules)
        if !rules.isMultiVector, names.keys.contains(where: CheckpointKeys.isTokenProjection) {
            notes.append("custom_text_proj has no effect: \(rules.name) gives one vector")
        }
    }

    private mutating func readContract(_ folder: URL, _ rules: EmbedderRules) throws {
        do {
            let resolved = try rules.contract(of: folder, vectorLength: vectorLength)
            contract = resolved?.contract
            contractFiles = resolved?.files ?? []
            notes = resolved?.notes ?? []
        } catch {
            // The rest of the model can still be described.
            guard case .unsupportedModule = error else { throw error }
            notes = [error.oneLine]
        }
    }

    private mutating func readInputs(_ folder: URL, _ rules: EmbedderRules) {
        do {
            let processor = try ImageProcessorConfiguration(folder: folder)
            let settings = try EmbedderSettings(
                EmbedderOptions(), contract ?? EmbeddingContract(), rules,
                vectorLength: vectorLength, processor: processor)
            inputs = InputSummary(settings, processor)
        } catch {
            // The rest of the model can still be described.
            let reason = (error as? any UserFacingError)?.oneLine
            notes.append(reason ?? error.localizedDescription)
        }
    }

    private static func parts(
        _ declarations: [ParameterDeclaration], _ keys: PartKeys
    ) -> [Part] {
        var parts: [Part] = []
        for declaration in declarations {
            let name = part(of: declaration.key, keys)
            if let index = parts.firstIndex(where: { $0.name == name }) {
                parts[index].parameters += declaration.count
            } else {
                parts.append(Part(name: name, parameters: declaration.count))
            }
        }
        return parts
    }

    private static func part(of key: String, _ keys: PartKeys) -> String {
        if key == CheckpointKeys.embedding { return "token embedding" }
        if key == CheckpointKeys.head { return "output" }
        if key.hasPrefix(keys.vision) { return "vision tower" }
        return CheckpointKeys.isPretrainingHead(key) ? "pre-training heads" : "language model"
    }
}
