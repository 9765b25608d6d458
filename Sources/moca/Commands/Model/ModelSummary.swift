// The content of a model's folder, read from headers and settings only.

import Foundation
import MoCaModel
import MoCaTokenizer
import NN
import Safetensors

/// Architecture, parameters, stored dtypes and memory of one model.
struct ModelSummary: Encodable {
    /// A part of the model, with its number of parameters.
    struct Part: Encodable {
        var name: String
        var parameters: Int
    }

    var model: String
    var architecture: String
    var text: [String: Int]
    var vision: [String: Int]
    var parameters: Int
    var parts: [Part]
    /// The bytes of the stored weights by dtype.
    var storedBytes: [String: Int]
    /// The bytes of the weights in memory by compute dtype.
    var memoryBytes: [String: Int]
    var vectorLength: Int
    var vocabularySize: Int
    /// The number of tokens of the tokenizer; the embedding may have more rows.
    var tokenizerSize: Int?
    var hasPretrainingHeads: Bool
    var isTied: Bool
    /// The names of missing weights.
    var missing: [String]
    var unknown: [String]
    var contract: EmbeddingContract?

    enum CodingKeys: String, CodingKey {
        case model, architecture, text, vision, parameters, parts, missing, unknown, contract
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
    /// - Throws: `ModelError`, `SafetensorsError`, `TokenizerError`.
    init(reading folder: URL) throws {
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        let names = try CheckpointKeys.table(of: checkpoint.names)
        let configuration = try PretrainedModel.configuration(of: folder, names: names)
        hasPretrainingHeads = names.keys.contains(where: CheckpointKeys.isPretrainingHead)
        isTied = configuration.isTied
        let rules = CheckpointRules(purpose: .embedding, isTied: isTied)
        let needed = PretrainedModel.declarations(configuration, purpose: .embedding)
        let all = PretrainedModel.declarations(configuration, purpose: .pretraining)
        let stored = all.filter { names[$0.key] != nil }
        parts = Self.parts(stored, configuration.partKeys)
        parameters = parts.reduce(0) { $0 + $1.parameters }
        missing = needed.map(\.key).filter { names[$0] == nil }
        let known = Set(all.map(\.key))
        unknown = names.keys.filter { !known.contains($0) && !rules.mayBeUnused($0) }.sorted()
        storedBytes = try checkpoint.names.reduce(into: [:]) { bytes, name in
            let entry = try checkpoint.entry(name)
            bytes[entry.dtype.rawValue, default: 0] += entry.byteCount
        }
        let count = needed.reduce(0) { $0 + $1.count }
        memoryBytes = ["float32": 4 * count, "bfloat16": 2 * count, "float16": 2 * count]
        model = folder.path
        architecture = type(of: configuration).familyName
        (text, vision) = configuration.summary
        vectorLength = configuration.vectorLength
        vocabularySize = configuration.vocabularySize
        let tokenizer = folder.appending(path: "tokenizer.json")
        if FileManager.default.fileExists(atPath: tokenizer.path) {
            tokenizerSize = try Tokenizer(contentsOf: folder).vocabularySize
        }
        contract = try EmbeddingContract(of: folder, vectorLength: vectorLength)
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
