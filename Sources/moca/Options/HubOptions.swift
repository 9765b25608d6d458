// Models by name: folders, and repositories of the Hugging Face Hub.

import ArgumentParser
import Foundation
import MoCaHub

/// The option that forbids requests, and the models that names stand for.
struct HubOptions: ParsableArguments {
    @Flag(help: "Make no request: models of the Hub come from its cache alone (HF_HUB_OFFLINE=1).")
    var offline = false

    /// The folder of a model or an adapter: an existing one, or a snapshot in the Hub's cache,
    /// which is downloaded if it is not there.
    ///
    /// - Parameter option: the option that names it, for the error if there is no such folder.
    /// - Throws: `CommandError.inputMissing`, `HubError`.
    func folder(
        _ text: String, _ option: String, _ content: ModelContent = .model
    ) throws -> URL {
        if case .folder(let folder) = ModelName(text) {
            try requireFile(text, option)
            return folder
        }
        return try downloading { try $0.folder(text, content) }
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
