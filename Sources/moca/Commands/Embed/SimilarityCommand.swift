// `moca similarity`: the similarity of queries and targets.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaReport

/// Prints cosine similarities.
struct SimilarityCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "similarity",
        abstract: "Print the cosine similarity of every query with every target.",
        discussion: """
            Rows are queries, texts first; columns are targets, texts first. Where the model has \
            prompts, queries get `query`, texts of targets `document`, images `document_image`.
            """)

    @OptionGroup var model: ModelOptions

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Texts to compare.", valueName: "text"))
    var query: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Images to compare.", valueName: "path"))
    var queryImage: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Texts to compare with.", valueName: "text"))
    var target: [String] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Images to compare with.", valueName: "path"))
    var targetImage: [String] = []

    @Flag(help: "Print one JSON object: queries, targets, similarity (a row a query).")
    var json = false

    @Option(
        help: ArgumentHelp(
            """
            Also write a page that shows which tokens and patches made each similarity (of models \
            with mean pooling; at most \(Self.heatMapCountMax) pairs).
            """, valueName: "file.html"))
    var heatMap: String?

    private static let heatMapCountMax = 36

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard !query.isEmpty || !queryImage.isEmpty else {
            throw ValidationError("Give at least one --query or --query-image.")
        }
        guard !target.isEmpty || !targetImage.isEmpty else {
            throw ValidationError("Give at least one --target or --target-image.")
        }
        let count = (query.count + queryImage.count) * (target.count + targetImage.count)
        guard heatMap == nil || count <= Self.heatMapCountMax else {
            throw ValidationError(
                "--heat-map draws at most \(Self.heatMapCountMax) pairs, not \(count).")
        }
    }

    /// The output of `--json`.
    private struct Result: Encodable {
        var queries: [String]
        var targets: [String]
        var similarity: [[Float]]
    }

    func run() async throws {
        for path in queryImage { try requireFile(path, "--query-image") }
        for path in targetImage { try requireFile(path, "--target-image") }
        if let heatMap { try requireWritableFile(heatMap, reading: queryImage + targetImage) }
        let embedder = try await Embedder(
            loading: model.folder.resolved(), options: model.embedderOptions())
        let rows =
            try await embed(query.map(Content.text), as: .query, embedder)
            + embed(queryImage.map(image), as: .query, embedder)
        let columns =
            try await embed(target.map(Content.text), as: .document, embedder)
            + embed(targetImage.map(image), as: .documentImage, embedder)
        let result = Result(
            queries: query + queryImage, targets: target + targetImage,
            similarity: rows.map { row in columns.map { row.cosine(with: $0) } })
        if let heatMap { try await write(result, embedder, to: heatMap) }
        if json {
            try Message.printJSON(result)
        } else {
            printTable(result)
        }
    }

    private func write(_ result: Result, _ embedder: Embedder, to file: String) async throws {
        let queries = (query.map(Content.text) + queryImage.map(image)).map {
            HeatMapMaker.Input("Query", embedder.prompted($0, as: .query))
        }
        let targets =
            target.map {
                HeatMapMaker.Input("Target", embedder.prompted(.text($0), as: .document))
            }
            + targetImage.map {
                HeatMapMaker.Input("Target", embedder.prompted(image($0), as: .documentImage))
            }
        let maker = HeatMapMaker(embedder, pictures: ReportPictures(warn: Message.warn))
        var maps: [HeatMap] = []
        for (queryName, query) in zip(result.queries, queries) {
            for (targetName, target) in zip(result.targets, targets) {
                maps.append(try await maker.map("\(queryName) / \(targetName)", query, target))
            }
        }
        let rows = zip(result.queries, result.similarity).map { name, values in
            [name] + values.map { NumberText.decimal(Double($0), digits: 4) }
        }
        let report = Report(
            title: "Similarity", subtitle: embedder.folder.path,
            sections: [
                ReportSection(
                    "Cosines",
                    .table(ReportTable(["Query"] + result.targets, rows: rows, cells: .numbers))),
                ReportSection(
                    "Which tokens made the match", lead: HeatMap.explanation, .heatMaps(maps)),
            ], footer: "MoCa for Swift \(Moca.version)")
        try report.write(to: URL(fileURLWithPath: file))
    }

    private func image(_ path: String) -> Content {
        .image(URL(fileURLWithPath: path))
    }

    /// Embeds contents in a role; without a prompt for the role, contents are embedded unchanged.
    private func embed(
        _ contents: [Content], as role: Role, _ embedder: Embedder
    ) async throws -> [Embedding] {
        try await embedder.embedAll(contents.map { embedder.prompted($0, as: role) })
    }

    private func printTable(_ result: Result) {
        for (query, row) in zip(result.queries, result.similarity) {
            print(query)
            let ranked = zip(row, result.targets).sorted { $0.0 > $1.0 }
            for (value, target) in ranked {
                print("  \(NumberText.decimal(Double(value), digits: 4))  \(target)")
            }
        }
    }
}

extension Embedding {
    /// The cosine, also for vectors that are not normalised.
    fileprivate func cosine(with other: Embedding) -> Float {
        let norms = similarity(to: self).squareRoot() * other.similarity(to: other).squareRoot()
        return norms > 0 ? similarity(to: other) / norms : 0
    }
}
