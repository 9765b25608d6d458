// `moca search`: finds what is most similar to a text or an image.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaImage
import MoCaReport
import MoCaSearch
import MoCaVectors

/// Searches an index.
struct SearchCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search an index by text, by picture, or by both.",
        discussion: """
            The query is embedded as the index was made: with its model and its settings. The \
            search is exact.
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
            "The index's model, where it is not in its folder any more.", valueName: "dir"))
    var modelPath: String?

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

    /// The output of `--json`.
    private struct Output: Encodable {
        struct Result: Encodable {
            var id: String
            var path: String
            var kind: IndexItem.Kind
            var score: Float
            var excerpt: String
        }

        var query: String?
        var image: String?
        var results: [Result]
    }

    func run() async throws {
        if let image { try requireFile(image, "--image") }
        if let html { try requireWritableFile(html, reading: [index] + [image].compactMap { $0 }) }
        let index = try SearchIndex(opening: URL(fileURLWithPath: index, isDirectory: true))
        let hits = try index.best(try await vector(for: index), count: top)
        if let html { try write(hits, of: index, to: html) }
        if json {
            let results = hits.map { hit in
                Output.Result(
                    id: hit.item.id, path: hit.item.path, kind: hit.item.kind, score: hit.score,
                    excerpt: hit.item.excerpt)
            }
            return try Message.printJSON(Output(query: query, image: image, results: results))
        }
        for hit in hits {
            print("\(NumberText.decimal(Double(hit.score), digits: 4))  \(hit.item.id)")
            if !hit.item.excerpt.isEmpty { print("        \(hit.item.excerpt)") }
        }
    }

    private func vector(for index: SearchIndex) async throws -> Embedding {
        let path = modelPath ?? index.manifest.model.folder
        try requireFile(path, "--model")
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        var options = EmbedderOptions()
        options.device = try device.resolvedDevice()
        (options.dtype, options.threads) = (device.dtype.dtype, device.threads)
        index.manifest.settings.apply(to: &options)
        try index.require(ModelIdentity(of: folder, options))
        let embedder = try await Embedder(loading: folder, options: options)
        var segments: [Content.Segment] = []
        if let image { segments.append(.image(.file(URL(fileURLWithPath: image)))) }
        if let query, !query.isEmpty { segments.append(.text(query)) }
        // Without a prompt for queries, the content is embedded unchanged.
        let input = embedder.prompted(Content(segments), as: .query)
        return try await embedder.embedAll([input])[0]
    }

    private func write(_ hits: [SearchIndex.Hit], of index: SearchIndex, to file: String) throws {
        var card = QueryCard(
            ReportContent(image: try image.flatMap(picture), text: query ?? ""),
            results: try hits.map { hit in
                let text = hit.item.excerpt.isEmpty ? hit.item.id : hit.item.excerpt
                return QueryCard.Result(
                    ReportContent(image: try hit.item.picturePath.flatMap(picture), text: text),
                    score: Double(hit.score), isRight: false)
            }, documentCount: index.items.count)
        card.isJudged = false
        let report = Report(
            title: "MoCa search", subtitle: query ?? image ?? "",
            sections: [ReportSection("Answers", .queries([card]))],
            footer: "\(index.items.count) items in \(index.folder.path)")
        try report.write(to: URL(fileURLWithPath: file))
    }

    /// A thumbnail for a page; nil, with a warning, if the image can no longer be shown.
    private func picture(_ path: String) throws -> ReportImage? {
        let side = 320
        do {
            let image = try ImageDecoder().image(of: .file(URL(fileURLWithPath: path)))
            return try ReportImage(
                try image.thumbnail(side: side).jpeg(),
                description: URL(fileURLWithPath: path).lastPathComponent)
        } catch let error as ImageError {
            Message.write("warning: no picture on the page: \(error.oneLine)")
            return nil
        }
    }
}
