// `moca search`: finds what is most similar to a text or an image.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaReport
import MoCaSearch
import MoCaVectors

/// Searches an index.
struct SearchCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search an index by text, by picture, or by both.",
        discussion: """
            The query is embedded as the index was made: with its model and its settings, and its \
            instruction unless another is given. The search is exact.
            """)

    @Option(help: ArgumentHelp("The index that `moca index` made.", valueName: "dir"))
    var index: String

    @Argument(help: "What to look for.")
    var query: String?

    @Option(help: ArgumentHelp("A picture to look for, before the text.", valueName: "file"))
    var image: String?

    @Option(help: ArgumentHelp("How many answers.", valueName: "n"))
    var top = 10

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "The index's model, where it is not in its folder any more: a folder, or ORG/NAME.",
            valueName: "model"))
    var modelPath: String?

    @OptionGroup var instruction: QueryInstructionOption

    @OptionGroup var hub: HubOptions

    @OptionGroup(title: "Device") var device: DeviceOptions

    @Flag(help: "Print one JSON object: query, results (id, path, kind, score, excerpt).")
    var json = false

    @Option(help: ArgumentHelp("Write the answers as a page with pictures.", valueName: "file"))
    var html: String?

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(top, "--top")
        guard !(query ?? "").isEmpty || image != nil else {
            throw ValidationError("Give a text to look for, or a picture with --image.")
        }
    }

    func run() async throws {
        if let image { try requireFile(image, "--image") }
        if let html { try requireWritableFile(html, reading: [index] + [image].compactMap { $0 }) }
        let index = try SearchIndex(opening: URL(fileURLWithPath: index, isDirectory: true))
        let hits = try index.best(try await vector(for: index), count: top)
        if let html {
            try SearchPage(query: query, image: image, hits: hits, index: index)
                .report(ReportPictures(side: SearchPage.pictureSide, warn: Message.warn))
                .write(to: URL(fileURLWithPath: html))
        }
        if json {
            return try Message.printJSON(SearchAnswers(query: query, image: image, hits: hits))
        }
        for hit in hits {
            print("\(NumberText.decimal(Double(hit.score), digits: 4))  \(hit.item.id)")
            if !hit.item.excerpt.isEmpty { print("        \(hit.item.excerpt)") }
        }
    }

    private func vector(for index: SearchIndex) async throws -> Embedding {
        let folder = try hub.folder(modelPath ?? index.manifest.model.location, "--model")
        var options = EmbedderOptions()
        options.device = try device.resolvedDevice()
        (options.dtype, options.threads) = (device.dtype.dtype, device.threads)
        let embedder = try await index.embedder(model: folder, options: options)
        var segments: [Content.Segment] = []
        if let image { segments.append(.image(.file(URL(fileURLWithPath: image)))) }
        if let query, !query.isEmpty { segments.append(.text(query)) }
        // Without a prompt for queries, the content is embedded unchanged.
        if instruction.text != nil { try embedder.requireInstruction() }
        let input = embedder.prompted(
            Content(segments, instruction: instruction.text), as: .query)
        return try await embedder.embedAll([input])[0]
    }
}
