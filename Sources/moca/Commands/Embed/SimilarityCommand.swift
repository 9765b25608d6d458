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
            prompts, queries get `query`, texts of targets `document`, images `document_image`. A \
            model with a vector for each token gives the sum over the query's vectors of the best \
            product with one of the target's.
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

    @OptionGroup var instruction: QueryInstructionOption

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
        guard (query + target).allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("A text of --query and --target must not be empty.")
        }
        let count = (query.count + queryImage.count) * (target.count + targetImage.count)
        guard heatMap == nil || count <= Self.heatMapCountMax else {
            throw ValidationError(
                "--heat-map draws at most \(Self.heatMapCountMax) pairs, not \(count).")
        }
    }

    func run() async throws {
        for path in queryImage { try requireFile(path, "--query-image") }
        for path in targetImage { try requireFile(path, "--target-image") }
        if let heatMap { try requireWritableFile(heatMap, reading: queryImage + targetImage) }
        let folder = try model.folder.resolved()
        let embedder = try await Embedder(
            loading: folder, options: model.embedderOptions(of: folder))
        if instruction.text != nil { try embedder.requireInstruction() }
        func input(_ name: String, _ content: Content, _ role: Role) -> SimilarityTable.Input {
            var content = content
            if role == .query { content.instruction = instruction.text }
            // Without a prompt for the role, contents are embedded unchanged.
            return .init(name, embedder.prompted(content, as: role))
        }
        let queries =
            query.map { input($0, .text($0), .query) }
            + queryImage.map { input($0, .image(URL(fileURLWithPath: $0)), .query) }
        let targets =
            target.map { input($0, .text($0), .document) }
            + targetImage.map { input($0, .image(URL(fileURLWithPath: $0)), .documentImage) }
        let table = try await SimilarityTable(
            queries: queries, targets: targets, embedder: embedder)
        if let heatMap {
            try await SimilarityPage(table, queries: queries, targets: targets)
                .report(embedder, pictures: ReportPictures(warn: Message.warn))
                .write(to: URL(fileURLWithPath: heatMap))
        }
        if json { return try Message.printJSON(table) }
        for (query, row) in zip(table.queries, table.similarity) {
            print(query)
            for (value, target) in zip(row, table.targets).sorted(by: { $0.0 > $1.0 }) {
                print("  \(NumberText.decimal(Double(value), digits: 4))  \(target)")
            }
        }
    }
}
