// `moca model info`: describes a model without loading its weights.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaHub
import MoCaModel
import MoCaTokenizer

/// Prints architecture, parameters, dtypes, memory and contract.
struct ModelInfoCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Print architecture, parameters, stored types, memory needed and contract.",
        discussion: """
            Of a model of the Hugging Face Hub that is not in the cache, it prints what a download \
            would fetch, and fetches nothing.
            """)

    @OptionGroup var folder: ModelFolder

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        if let needs = try missing() { return try tell(needs) }
        let folder = try folder.resolved()
        let summary = try ModelSummary(
            reading: folder, tokenizerSize: Self.tokenizerSize(of: folder))
        if json { return try Message.printJSON(summary) }
        for line in summary.lines { print(line) }
    }

    private static func tokenizerSize(of folder: URL) throws -> Int? {
        let file = folder.appending(path: "tokenizer.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try Tokenizer(contentsOf: folder).vocabularySize
    }

    /// What a download would need; nil for a folder, and for a model that is in the cache.
    private func missing() throws -> DownloadNeeds? {
        guard let path = folder.path, case .hub(let reference) = ModelName(path) else { return nil }
        return try folder.hub.downloading { models in
            try models.naming(path) {
                try models.isCached(reference) ? nil : try models.needs(reference)
            }
        }
    }

    /// The output of `--json` for a model that is not in the cache.
    private struct Missing: Encodable {
        var name: String
        var commit: String
        var cached = false
        var files: [DownloadNeeds.File]
        var bytes: Int
        var missingBytes: Int

        enum CodingKeys: String, CodingKey {
            case name, commit, cached, files, bytes
            case missingBytes = "missing_bytes"
        }
    }

    private func tell(_ needs: DownloadNeeds) throws {
        if json {
            return try Message.printJSON(
                Missing(
                    name: needs.name, commit: needs.commit, files: needs.files,
                    bytes: needs.bytes, missingBytes: needs.missingBytes))
        }
        print("\(needs.name) is not in the cache")
        line("commit", needs.commit)
        line("download", "\(needs.files.count) files, \(NumberText.byteSize(needs.bytes))")
        if needs.missingBytes != needs.bytes {
            line("still missing", NumberText.byteSize(needs.missingBytes))
        }
        for file in needs.files {
            line("  " + (file.bytes.map(NumberText.byteSize) ?? "?"), file.path)
        }
    }

    private func line(_ name: String, _ value: String) {
        print("  \(name.padding(toLength: 22, withPad: " ", startingAt: 0))\(value)")
    }
}
