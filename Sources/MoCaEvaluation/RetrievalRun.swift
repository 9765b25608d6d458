// ViDoRe (Faysse et al. 2024; Mace et al. 2025) and other sets in the layout of BEIR: every query is
// ranked against every document.

package import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSearch

extension EvaluationRun {
    /// What the documents of a benchmark are.
    package enum Documents: Sendable, Hashable {
        /// Pages of documents as images: ViDoRe.
        case pages
        /// Texts, or images, or both: sets of the same layout with the columns `title` and `text`.
        case any

        /// The sets that averages are over.
        var suite: BenchmarkSuite { self == .pages ? .vidore : .retrieval }
    }

    /// The folders of the sets to score: those of `subsets`, or all.
    ///
    /// - Throws: `EvaluationRunError.noSets`, `.setMissing`, `.setRefused`, `.sameSet`,
    ///   `.cannotRead`.
    package static func retrievalSets(
        in data: URL, subsets: [String], _ documents: Documents
    ) throws -> [URL] {
        let layout = "folders corpus, queries and qrels"
        return try setFolders(data, subsets: subsets, documents.suite, layout: layout) { folder in
            ["corpus", "queries", "qrels"].allSatisfy { part in
                FileManager.default.fileExists(atPath: folder.appending(path: part).path)
            }
        }
    }

    /// Scores sets of folders `corpus`, `queries` and `qrels`.
    ///
    /// Prompts of the model are put around queries (`query`) and documents (`document`, with an
    /// image `document_image`); without any, queries are plain, and pages get ViDoRe's words.
    ///
    /// - Throws: `DataError`, `EmbeddingJobError`, `EvaluationError`, `EvaluationRunError`.
    package func retrieval(_ documents: Documents) async throws -> Report {
        let folders = try Self.retrievalSets(in: data, subsets: subsets, documents)
        return try await scoreAll(folders, documents.suite) { folder, embedder in
            let set = try RetrievalSet(folder: folder)
            let asked = set.queries.prefix(queryCountMax ?? .max)
            let queries = asked.map {
                PromptedContent(content: .text($0.text), role: embedder.embedder.known(.query))
            }
            let queryRows = try await embedder.rows(of: queries) {
                "\(set.name), query \(asked[$0].id)"
            }
            let corpus = try await embedCorpus(of: set, folder, documents, &embedder)
            let matrix = try embedder.cache.matrix()
            if savesVectors {
                var file = VectorFile(width: matrix.width)
                file.add(vectors: "queries", queryRows.map(matrix.row))
                file.add(vectors: "documents", corpus.rows.map(matrix.row))
                try file.write(
                    to: output.appending(path: "\(set.name)_vectors.safetensors"),
                    ids: ["query_ids": asked.map(\.id), "document_ids": corpus.ids])
            }
            var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: corpus.ids))
            var digest = Digest()
            for row in corpus.rows { digest.add(embedder.contentKey(of: row).text) }
            for id in corpus.ids { digest.add(id) }
            for (query, row) in zip(asked, queryRows) {
                digest.add(query.id)
                digest.add(embedder.contentKey(of: row).text)
                for (id, grade) in (set.relevance[query.id] ?? [:]).sorted(by: { $0 < $1 }) {
                    digest.add("\(id) \(grade)")
                }
                try evaluation.add(
                    RankedQuery(
                        id: query.id, language: query.language,
                        scores: matrix.scores(of: row, with: corpus.rows),
                        relevance: set.relevance[query.id] ?? [:]))
            }
            let texts = Dictionary(asked.map { ($0.id, $0.text) }) { first, _ in first }
            var outcomes = evaluation.outcomes
            for index in outcomes.indices { outcomes[index].input = texts[outcomes[index].query] }
            return ScoredSet(
                score: .retrieval(
                    try evaluation.score(
                        set: set.name, random: RandomSource(seed: 0, name: set.name))),
                outcomes: outcomes, data: digest.text)
        }
    }

    /// Embeds the documents a window at a time; only their rows stay in memory.
    private func embedCorpus(
        of set: RetrievalSet, _ folder: URL, _ documents: Documents,
        _ embedder: inout CachedEmbedder
    ) async throws -> (ids: [String], rows: [Int]) {
        let windowCount = 64
        let images = ImageStore(root: self.images ?? folder.appending(path: "corpus"))
        var reader = try DocumentReader(folder: folder.appending(path: "corpus"))
        var (ids, rows) = ([String](), [Int]())
        var isAtEnd = false
        tell(.found(inputs: nil))
        while !isAtEnd {
            var (window, names) = ([PromptedContent](), [String]())
            while window.count < windowCount, !isAtEnd {
                guard let record = try reader.next() else {
                    isAtEnd = true
                    break
                }
                window.append(try input(of: record, documents, images, embedder))
                names.append("\(set.name), document \(record.id)")
                ids.append(record.id)
            }
            rows += try await embedder.rows(of: window, tellsCount: false) { names[$0] }
        }
        return (ids, rows)
    }

    private func input(
        of record: DocumentRecord, _ documents: Documents, _ images: ImageStore,
        _ embedder: CachedEmbedder
    ) throws -> PromptedContent {
        guard let image = record.image else {
            guard documents == .any else {
                throw DataError.valueMissing(record.location, column: "image")
            }
            guard !record.text.isEmpty else {
                throw DataError.emptyContent(record.location, field: "text")
            }
            return PromptedContent(
                content: .text(record.text), role: embedder.embedder.known(.document))
        }
        var segments: [Content.Segment] = try images.sources([image], at: record.location)
            .map { .image($0) }
        if documents == .any, !record.text.isEmpty { segments.append(.text("\n" + record.text)) }
        let role = embedder.embedder.known(.documentImage)
        // The wording of MoCa's evaluation.
        if documents == .pages, role == nil {
            segments.append(.text("\nRepresent the given document image."))
        }
        return PromptedContent(content: Content(segments), role: role)
    }
}
