// `moca model fetch`: downloads a model of the Hub, or what is new in it.

import ArgumentParser
import Foundation
import MoCaHub

/// Brings a model of the cache up to date.
struct ModelFetchCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Download a model of the Hugging Face Hub into its cache, or what is new in it.",
        discussion: """
            Other commands use what the cache has, and download a model only if it is not there; \
            this one asks the Hub for the newest commit of the revision. Only safetensors, JSON \
            and texts are fetched; an interrupted download goes on where it stopped. Prints the \
            folder.
            """)

    @Argument(help: ArgumentHelp("ORG/NAME or ORG/NAME@REVISION.", valueName: "name"))
    var name: String

    @Flag(help: "The repository is an adapter in PEFT's layout.")
    var adapter = false

    @OptionGroup var hub: HubOptions
    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard HubReference(model: name) != nil else {
            throw ValidationError("\(name) is not a name such as ORG/NAME or ORG/NAME@REVISION.")
        }
    }

    func run() async throws {
        guard let reference = HubReference(model: name) else { return }
        let snapshot = try hub.downloading {
            try $0.update(reference, adapter ? .adapter : .model)
        }
        print(snapshot.folder.path)
    }
}
