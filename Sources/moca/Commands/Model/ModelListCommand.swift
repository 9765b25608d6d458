// `moca model list`: the models in the Hub's cache.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaHub

/// Lists the models in the cache of huggingface_hub.
struct ModelListCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the models in the cache of the Hugging Face Hub.",
        discussion: """
            The cache is that of huggingface_hub (HF_HUB_CACHE, HF_HOME); its models have a name, \
            ORG/NAME, that --model takes. No request is made.
            """)

    @Flag(help: "Print one JSON object: cache, models (name, revisions, commit, bytes, ...).")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    /// The output of `--json`.
    private struct Output: Encodable {
        var cache: String
        var models: [CachedModel]
    }

    func run() async throws {
        let cache = HubCache(ProcessInfo.processInfo.environment)
        let models = try cache.models()
        if json { return try Message.printJSON(Output(cache: cache.root.path, models: models)) }
        guard !models.isEmpty else {
            return Message.write("no models in \(cache.root.path)")
        }
        let rows = models.map { model in
            [
                model.name, model.revisions.joined(separator: " "),
                String(model.commit.prefix(12)), NumberText.byteSize(model.bytes),
                (model.kind ?? "?") + (model.isComplete ? "" : ", incomplete"), model.path,
            ]
        }
        for line in TextTable.lines(
            [["name", "revision", "commit", "size", "kind", "path"]] + rows)
        {
            print(line)
        }
    }
}
