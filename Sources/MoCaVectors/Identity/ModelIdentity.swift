// Identifies a model and how it is run: vectors of two identities must not be compared.

package import Foundation
import MoCaData
package import MoCaEmbedding
import MoCaHub
import MoCaModel
import MoCaSettings
import MoCaSystem
import Safetensors

/// A model's folder, and a fingerprint of everything that determines the meaning of its vectors.
///
/// The computation dtype and the device are excluded: they only change rounding.
package struct ModelIdentity: Sendable, Hashable, Codable {
    /// The model's folder.
    package let folder: String
    /// A fingerprint of configuration, contract, tokenizer, image processor, weights and settings.
    package let fingerprint: String
    /// The name of the model on the Hugging Face Hub; nil for a folder outside of its cache.
    package let repository: String?
    /// The commit of the model in its repository; nil for a folder outside of the Hub's cache.
    package let commit: String?

    /// Creates an identity that was saved.
    package init(folder: String, fingerprint: String) {
        self.folder = folder
        self.fingerprint = fingerprint
        repository = nil
        commit = nil
    }

    /// The name with the commit, which selects the same files on any machine; nil for a folder
    /// outside of the Hub's cache.
    package var name: String? {
        guard let repository, let commit else { return nil }
        return "\(repository)@\(commit)"
    }

    /// What names the model on this machine: its folder, or its name on the Hub if the folder is
    /// not there.
    package var location: String {
        FileManager.default.fileExists(atPath: folder) ? folder : name ?? folder
    }

    /// Reads the whole folder: settings, and the name, type, shape and bytes of each tensor.
    ///
    /// - Throws: `ModelError.missingFile`, `.isAdapter`, `SafetensorsError`, an error of the file
    ///   system.
    package init(of folder: URL, _ options: EmbedderOptions) throws {
        _ = try PretrainedModel.configurationFile(in: folder)
        var hasher = ContentHasher()
        for name in Self.fileNames {
            let file = folder.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            hasher.add(name)
            hasher.add(try Self.contents(of: file))
        }
        try Self.add(SafetensorsCheckpoint(opening: folder), to: &hasher)
        if let adapter = options.adapter {
            let weights = adapter.appending(path: "adapter_model.safetensors")
            try Self.add(SafetensorsCheckpoint(opening: weights), to: &hasher)
            hasher.add(try Data(contentsOf: adapter.appending(path: "adapter_config.json")))
        }
        hasher.add(try JSONFormat.escapedLine.data(VectorSettings(options)))
        self.folder = folder.standardizedFileURL.path
        fingerprint = hasher.id.text
        let snapshot = HubSnapshot(folder)
        repository = snapshot?.name
        commit = snapshot?.commit
    }

    private static let contractName = "moca.json"
    private static let fileNames = [
        "config.json", contractName, "preprocessor_config.json", "processor_config.json",
        "tokenizer.json", "tokenizer_config.json", "modules.json", "1_Pooling/config.json",
        "config_sentence_transformers.json",
    ]

    /// Reads a file; a contract without its probes, which describe the vectors but do not change
    /// them.
    private static func contents(of file: URL) throws -> Data {
        let data = try Data(contentsOf: file)
        guard file.lastPathComponent == contractName,
            case .object(var contract) = try JSON(parsing: data)
        else { return data }
        contract["probes"] = nil
        return try JSONFormat.escapedLine.data(JSON.object(contract))
    }

    /// Adds weights, independent of how they are sharded.
    private static func add(_ weights: SafetensorsCheckpoint, to hasher: inout ContentHasher) throws
    {
        let names = weights.names.sorted()
        let tensors = try parallelMap(names.count) { index in
            try Self.identity(of: names[index], in: weights)
        }
        for tensor in tensors { hasher.add(tensor) }
    }

    private static func identity(
        of name: String, in weights: SafetensorsCheckpoint
    ) throws -> ContentID {
        var hasher = ContentHasher()
        let entry = try weights.entry(name)
        hasher.add("\(name) \(entry.dtype.rawValue) \(entry.shape)")
        try weights.file(of: name).withBytes(of: name) { hasher.add(UnsafeRawBufferPointer($0)) }
        return hasher.id
    }
}
