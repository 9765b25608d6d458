// Reads the inputs of a set in the layout of BEIR again by the ids of its outcomes.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables
import MoCaEmbedding
import MoCaVectors

/// A document as stored in its file.
private struct DocumentSample: Sample {
    let record: CorpusRecord

    init(_ record: CorpusRecord, id: SampleID, images: ImageStore) { self.record = record }
}

/// Queries and documents of a set in the layout of BEIR.
final class RetrievalContents: ContentSource {
    private let queries: [ExactText: String]
    private let catalog: Catalog<DocumentSample>
    private let documents: EvaluationRun.Documents
    private let roles: Set<Role>
    /// Whether pages get MoCa's wording if the model has no prompt for their role.
    private let wordsPages: Bool
    /// The row of each document, by id.
    private let rows: [ExactText: Int]

    init(
        _ folder: URL, images: URL?, _ documents: EvaluationRun.Documents, _ roles: Set<Role>,
        wordsPages: Bool
    ) throws {
        (self.documents, self.roles, self.wordsPages) = (documents, roles, wordsPages)
        let set = try RetrievalSet(folder: folder)
        queries = Dictionary(set.queries.map { (ExactText($0.id), $0.text) }) { first, _ in first }
        catalog = try Catalog(
            folders: [set.corpus],
            images: images.map { ImageStore(root: $0) } ?? set.images)
        let ids = try CorpusReader.ids(in: set.corpus)
        rows = Dictionary(uniqueKeysWithValues: ids.enumerated().map { (ExactText($1), $0) })
    }

    func input(_ query: String) throws -> String? { queries[ExactText(query)] }

    func query(_ id: String) throws -> PromptedContent? {
        queries[ExactText(id)].map {
            PromptedContent(content: .text($0), role: .query, prompted: roles)
        }
    }

    func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        guard let row = rows[ExactText(id)] else { return nil }
        let id = SampleID(subset: catalog.subsets[0].name, row: row)
        return try DocumentInput(
            catalog.record(id), documents, images: catalog.images, wordsPages: wordsPages
        ).prompted { roles.contains($0) ? $0 : nil }
    }
}
