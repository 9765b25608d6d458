// The files of a repository that a model or an adapter needs.

import Foundation
import MoCaSettings

/// What is wanted of a repository.
package enum ModelContent: String, Sendable, Hashable {
    /// A model in Hugging Face layout.
    case model
    /// An adapter in PEFT's layout.
    case adapter

    static let weights = "model.safetensors"
    static let index = "model.safetensors.index.json"

    /// Files that a repository may lack, and whose absence matters: `moca.json` and the files of
    /// sentence-transformers decide how vectors are computed.
    static let optional = [
        "moca.json", "modules.json", "config_sentence_transformers.json", "1_Pooling/config.json",
        "tokenizer.json", "preprocessor_config.json", "processor_config.json",
    ]

    /// The file that identifies the content.
    var configuration: String { self == .model ? "config.json" : "adapter_config.json" }

    /// The single file of weights.
    var weights: String { self == .model ? Self.weights : "adapter_model.safetensors" }

    /// Whether a file other than weights belongs to the content: settings and texts beside the
    /// weights, and the settings of sentence-transformers' modules in their folders.
    func includes(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let name = parts.last, !name.hasPrefix(".") else { return false }
        if parts.count == 2 {
            return name == "config.json" && parts[0].wholeMatch(of: /[0-9]+_[A-Za-z]+/) != nil
        }
        guard parts.count == 1, path != Self.index else { return false }
        return ["json", "txt", "jinja", "md"].contains(where: { name.hasSuffix(".\($0)") })
            || name.hasPrefix("LICENSE") || name.hasPrefix("NOTICE")
    }

    /// The settings and texts of a listing, with the index of the weights if there are shards.
    ///
    /// - Throws: `HubError.noModel`, `.isAdapter`, `.onlyPickles`.
    func settings(in listing: HubListing, of repository: HubReference) throws -> [HubFile] {
        let paths = Set(listing.files.map(\.path))
        guard paths.contains(configuration) else {
            let adapter = Self.adapter.configuration
            throw self == .model && paths.contains(adapter)
                ? HubError.isAdapter(name: repository.text)
                : HubError.noModel(
                    name: repository.text, reason: "there is no \(configuration)")
        }
        let isSharded = self == .model && !paths.contains(weights) && paths.contains(Self.index)
        guard paths.contains(weights) || isSharded else {
            throw withoutWeights(paths, repository)
        }
        return listing.files.filter { includes($0.path) || isSharded && $0.path == Self.index }
    }

    private func withoutWeights(_ paths: Set<String>, _ repository: HubReference) -> HubError {
        let pickles = paths.sorted().filter { path in
            [".bin", ".pt", ".pth", ".ckpt", ".pkl"].contains { path.hasSuffix($0) }
        }
        if let file = pickles.first {
            return .onlyPickles(name: repository.text, file: file)
        }
        let wanted = self == .model ? "neither \(weights) nor its index" : "no \(weights)"
        return .noModel(name: repository.text, reason: "there is \(wanted)")
    }

    /// The files of the weights that an index names, or those that look like shards before the
    /// index is known.
    ///
    /// - Parameter index: The contents of the index; nil if it is not known yet.
    /// - Throws: `HubError.noModel`.
    func weights(
        in listing: HubListing, index: Data?, of repository: HubReference
    ) throws -> [HubFile] {
        let files = Dictionary(listing.files.map { ($0.path, $0) }) { first, _ in first }
        if let file = files[weights] { return [file] }
        guard let index else {
            return listing.files.filter {
                $0.path.wholeMatch(of: /model-[0-9]+-of-[0-9]+\.safetensors/) != nil
            }
        }
        let shards = Self.shards(index)
        guard !shards.isEmpty else {
            throw HubError.noModel(
                name: repository.text, reason: "\(Self.index) names no files")
        }
        return try shards.map { shard in
            guard let file = files[shard] else {
                throw HubError.noModel(
                    name: repository.text,
                    reason: "\(Self.index) names \(shard), which is not there")
            }
            return file
        }
    }

    /// The files that an index names, sorted; empty if it is not an index.
    static func shards(_ index: Data) -> [String] {
        do {
            let map = try JSON(parsing: index)["weight_map"]?.object
            return Set((map ?? [:]).compactMap(\.value.string)).sorted()
        } catch {
            // The loader names what is wrong with the index.
            return []
        }
    }
}

extension HubCache {
    /// The files of the content that a snapshot lacks although its commit has them, or may have
    /// them.
    package func missing(_ content: ModelContent, in snapshot: HubSnapshot) throws -> [String] {
        let listing = listing(of: snapshot)
        func isMissing(_ path: String) -> Bool {
            presence(of: path, in: snapshot, listing: listing) == .missing
        }
        func isHere(_ path: String) -> Bool {
            presence(of: path, in: snapshot, listing: listing) == .here
        }
        var missing = [content.configuration].filter { !isHere($0) }
        if content == .model, isMissing("tokenizer.json") { missing.append("tokenizer.json") }
        // No image can be embedded without one of the two.
        let images = ["preprocessor_config.json", "processor_config.json"]
        if content == .model, !images.contains(where: isHere), isMissing(images[0]) {
            missing.append(images[0])
        }
        // Without a listing it is not known whether the commit has these.
        if content == .model, listing != nil {
            missing += ModelContent.optional.filter(isMissing)
        }
        if isHere(content.weights) { return Self.distinct(missing) }
        let index = snapshot.folder.appending(path: ModelContent.index).path
        guard content == .model, let data = FileManager.default.contents(atPath: index) else {
            return Self.distinct(missing + [content.weights])
        }
        return Self.distinct(missing + ModelContent.shards(data).filter { !isHere($0) })
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
