// Models by name: a folder, or a repository of the Hugging Face Hub.

import Foundation
import MoCaCore
import MoCaHub
import MoCaSystem

extension Embedder {
    /// Loads a model by name.
    ///
    ///     let embedder = try await Embedder(model: "ORG/NAME@REVISION")
    ///
    /// An existing folder of the name is loaded, whatever its name. Otherwise the name is that of
    /// a repository of the Hub, and the model is read from the cache of huggingface_hub
    /// (`HF_HUB_CACHE`, `HF_HOME`); what the cache lacks is downloaded into it, with `HF_TOKEN` and
    /// from `HF_ENDPOINT`, by the program `curl`. Only safetensors, JSON and texts are fetched.
    ///
    /// - Parameters:
    ///   - model: a path, `ORG/NAME`, or `ORG/NAME@REVISION` with a branch, a tag or a commit.
    ///   - options: the settings of the embedder; what they leave open is the model's own.
    ///   - isOffline: whether requests are forbidden, as by `HF_HUB_OFFLINE=1`.
    ///   - onNote: receives messages for people, such as a request that will be repeated; called
    ///     from several threads.
    /// - Throws: a `UserFacingError` that names the repository or the file, and the fix.
    public convenience init(
        model: String, options: EmbedderOptions = EmbedderOptions(), isOffline: Bool = false,
        onNote: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        let hub = HubModels(
            isOffline: isOffline, progress: { if let note = $0.note { onNote(note) } })
        // A download blocks its thread.
        let folders = try await parallelMap([model]) { try hub.folder($0) }
        try await self.init(loading: folders[0], options: options)
    }
}
