// Similarities, and the tokens that made them, as a page.

import Foundation
import MoCaCore
package import MoCaEmbedding

/// The page of `moca similarity --heat-map`.
package struct SimilarityPage {
    private let table: SimilarityTable
    private let queries: [SimilarityTable.Input]
    private let targets: [SimilarityTable.Input]

    /// - Parameters:
    ///   - queries: the queries of `table`.
    ///   - targets: the targets of `table`.
    package init(
        _ table: SimilarityTable, queries: [SimilarityTable.Input],
        targets: [SimilarityTable.Input]
    ) {
        self.table = table
        self.queries = queries
        self.targets = targets
    }

    /// The page, with a heat map for each pair.
    ///
    /// - Throws: the errors of `HeatMapMaker.map`.
    package func report(_ embedder: Embedder, pictures: ReportPictures) async throws -> Report {
        let maker = HeatMapMaker(embedder, pictures: pictures)
        var maps: [HeatMap] = []
        for query in queries {
            for target in targets {
                maps.append(
                    try await maker.map(
                        "\(query.name) / \(target.name)", ("Query", query.content),
                        ("Target", target.content)))
            }
        }
        let rows = zip(table.queries, table.similarity).map { name, values in
            [name] + values.map { NumberText.decimal(Double($0), digits: 4) }
        }
        return Report(
            title: "Similarity", subtitle: embedder.folder.path,
            sections: [
                ReportSection(
                    "Cosines",
                    ReportTable(["Query"] + table.targets, rows: rows, cells: .numbers)),
                ReportSection(
                    "Which tokens made the match", lead: HeatMap.explanation, maps),
            ], footer: "MoCa for Swift \(ProgramVersion.current)")
    }
}
