// Models by name: folders, and repositories of the Hugging Face Hub.

import ArgumentParser
import Foundation
import MoCaHub
import MoCaModel

/// The option that forbids requests, and the models that names stand for.
struct HubOptions: ParsableArguments {
    @Flag(help: "Make no request: models of the Hub come from its cache alone (HF_HUB_OFFLINE=1).")
    var offline = false

    /// The folder of a model or an adapter: an existing one, or a snapshot in the Hub's cache,
    /// which is downloaded if it is not there.
    ///
    /// - Parameter option: the option that names it, for the error if there is no such folder.
    /// - Throws: `CommandError.modelMissing`, `HubError`.
    func folder(
        _ text: String, _ option: String, _ content: ModelContent = .model
    ) throws -> URL {
        if case .folder(let folder) = ModelName(text) {
            guard FileManager.default.fileExists(atPath: text) else {
                throw CommandError.modelMissing(
                    option: option, path: text, similar: SimilarFolders.of(text))
            }
            return folder
        }
        return try downloading { try $0.folder(text, content) }
    }

    /// The folder of an adapter of a model; warns of an adapter that names another base.
    ///
    /// - Parameter option: the option that names the adapter.
    /// - Throws: `CommandError.modelMissing`, `HubError`, `ModelError`.
    func adapter(_ text: String, _ option: String, of model: URL) throws -> URL {
        let folder = try folder(text, option, .adapter)
        if let warning = try AdapterFiles(reading: folder).warning(ofOtherBaseThan: model) {
            Message.warn(warning)
        }
        return folder
    }

    /// Calls `body` with the models of the Hub; shows the progress of a download.
    func downloading<Value>(_ body: (HubModels) throws -> Value) rethrows -> Value {
        let bar = ProgressBar()
        defer { bar.finish() }
        return try body(
            HubModels(
                isOffline: offline, progress: bar.show,
                isInterrupted: { Interruption.anyHasHappened }))
    }
}
