// The files by which sentence-transformers describes a model: `modules.json`,
// `N_Pooling/config.json` and `config_sentence_transformers.json`.

package import Foundation
package import MoCaCore
import MoCaSettings

/// How sentence-transformers would turn a model's states into vectors.
package struct SentenceTransformersSettings: Sendable, Hashable {
    /// How hidden states are pooled; nil if no module says so.
    package var pooling: PoolingMode?
    /// True if a module gives vectors unit length; nil if none does, because the cosine similarity
    /// of sentence-transformers normalises anyway.
    package var normalize: Bool?
    /// The prompt templates, by role.
    package var prompts: [Role: String] = [:]
    /// The length to which vectors are cut (Matryoshka); nil for no cut.
    package var truncatedLength: Int?
    /// The components of a pooled vector, as the pooling module declares them.
    package var vectorLength: Int?
    /// What this program cannot compute, with its file; nil if it computes everything.
    package var unsupported: Unsupported?

    /// A setting that this program cannot compute.
    package struct Unsupported: Sendable, Hashable {
        package var file: String
        package var reason: String
    }

    package static let modulesName = "modules.json"
    package static let configurationName = "config_sentence_transformers.json"

    package init() {}

    /// Reads the files of a model's folder; nil if it has no `modules.json`.
    ///
    /// - Throws: `ModelError.unreadable`, `.notJSON`, `.badConfiguration`.
    package init?(of folder: URL) throws(ModelError) {
        let file = folder.appending(path: Self.modulesName)
        guard let value = try Self.json(file) else { return nil }
        guard let modules = value.array else {
            throw .notJSON(
                file: file.path, reason: "it holds \(value.shortDescription), not a list")
        }
        for (index, module) in modules.enumerated() {
            try add(module, index: index, in: folder, file)
        }
        try addConfiguration(of: folder)
    }

    // MARK: Modules

    private mutating func add(
        _ module: JSON, index: Int, in folder: URL, _ file: URL
    ) throws(ModelError) {
        let type = module["type"]?.string ?? ""
        let path = module["path"]?.string ?? ""
        let isTheirs = type.hasPrefix("sentence_transformers.")
        switch (isTheirs, type.split(separator: ".").last.map(String.init) ?? "") {
        case (true, "Transformer"):
            if !path.isEmpty {
                refuse(file, "the model is in the folder \(path), not beside \(Self.modulesName)")
            }
        case (true, "Pooling"):
            try addPooling(of: folder.appending(path: "\(path)/config.json"))
        case (true, "Normalize"):
            normalize = true
        case (true, "Dropout"):
            break
        case (false, _) where index == 0:
            // Code of the model's author, which may pool; it declares nothing.
            break
        case (_, let name):
            refuse(file, "the module \(name.isEmpty ? "without a type" : name) is not supported")
        }
    }

    private mutating func addPooling(of file: URL) throws(ModelError) {
        guard let value = try Self.json(file) else { throw .missingFile(file.path) }
        let length = value["embedding_dimension"] ?? value["word_embedding_dimension"]
        vectorLength = length?.integer
        let modes = Self.modes(value)
        switch modes.count == 1 ? modes[0] : "" {
        case "mean": pooling = .mean
        case "lasttoken": pooling = .last
        case "cls": pooling = .cls
        default: refuse(file, "the pooling \(modes.joined(separator: " + ")) is not supported")
        }
        if value["include_prompt"]?.bool == false {
            refuse(file, "pooling without the prompt's tokens is not supported")
        }
    }

    /// The names of the poolings, whose vectors are concatenated. Older files have a flag for each.
    private static func modes(_ value: JSON) -> [String] {
        if let mode = value["pooling_mode"] {
            return mode.string.map { [$0] } ?? mode.array?.compactMap(\.string) ?? []
        }
        let flags = [
            ("cls_token", "cls"), ("max_tokens", "max"), ("mean_tokens", "mean"),
            ("mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
            ("weightedmean_tokens", "weightedmean"), ("lasttoken", "lasttoken"),
        ]
        let modes = flags.filter { value["pooling_mode_\($0.0)"]?.bool == true }.map(\.1)
        return modes.isEmpty ? ["mean"] : modes
    }

    private mutating func refuse(_ file: URL, _ reason: String) {
        unsupported = unsupported ?? Unsupported(file: file.path, reason: reason)
    }

    // MARK: Prompts

    private mutating func addConfiguration(of folder: URL) throws(ModelError) {
        let file = folder.appending(path: Self.configurationName)
        guard let value = try Self.json(file) else { return }
        truncatedLength = value["truncate_dim"]?.integer
        // A null is a prompt that nobody has set.
        var texts = [String: String]()
        for (name, text) in value["prompts"]?.object ?? JSONObject() {
            texts[name] = text.string
        }
        // The names that sentence-transformers tries for documents, in its order.
        if texts["document"] == nil {
            texts["document"] = texts["passage"] ?? texts["corpus"] ?? (texts.isEmpty ? nil : "")
        }
        for (name, text) in texts where !name.isEmpty {
            prompts[Role(rawValue: name)] = text + "{text}"
        }
    }

    /// The contents of a file; nil if there is none.
    private static func json(_ file: URL) throws(ModelError) -> JSON? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw .unreadable(file: file.path, reason: error.localizedDescription)
        }
        do {
            return try JSON(parsing: data)
        } catch {
            throw .notJSON(file: file.path, reason: String(describing: error))
        }
    }
}
