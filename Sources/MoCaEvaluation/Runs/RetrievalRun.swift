// ViDoRe (Faysse et al. 2024; Mace et al. 2025) and other sets in the layout of BEIR: every query is
// ranked against every document.

package import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSystem
import MoCaVectors

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
    ///   `.incompleteSet`, `.cannotRead`.
    package static func retrievalSets(
        in data: URL, subsets: [String], _ documents: Documents
    ) throws -> [URL] {
        let folders = try setFolders(
            data, subsets: subsets, documents.suite, layout: "folders corpus, queries and qrels"
        ) { !RetrievalLayout(of: $0).parts.isEmpty }
        for folder in folders {
            let missing = RetrievalLayout(of: folder).missing.map(\.rawValue)
            guard missing.isEmpty else {
                throw EvaluationRunError.incompleteSet(folder: folder.path, missing: missing)
            }
        }
        return folders
    }

    /// Scores sets of folders `corpus`, `queries` and `qrels`, or in the layout of BEIR.
    ///
    /// Prompts of the model are put around queries (`query`) and documents (`document`, with an
    /// image `document_image`); without any, queries are plain, and pages get ViDoRe's words.
    ///
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`, `EvaluationRunError`.
    package func retrieval(_ documents: Documents) async throws -> Report {
        let folders = try Self.retrievalSets(in: data, subsets: subsets, documents)
        return try await scoreAll(folders, documents.suite) { folder, embedder in
            let set = try RetrievalSet(folder: folder)
            let allIDs = try DocumentReader.ids(in: set.corpus)
            let part = part ?? EvaluationPart()
            let asked = part.queries(of: set)
            let chosen = part.documents(allIDs, for: asked, set.relevance)
            let queries = asked.map {
                PromptedContent(content: .text($0.text), role: embedder.embedder.known(.query))
            }
            let queryRows = try await embedder.rows(of: queries) {
                "\(set.name), query \(asked[$0].id)"
            }
            let images = ImageStore(root: self.images ?? folder.appending(path: "corpus"))
            let corpus = try await embedCorpus(of: set, chosen, documents, images, &embedder)
            let vectors = SetVectors(
                matrix: try embedder.cache.matrix(), queries: asked, queryRows: queryRows,
                documentIDs: corpus.ids, documentRows: corpus.rows, contents: corpus.contents)
            if savesVectors { try vectors.write(set.name, to: output) }
            var scored = try vectors.score(set) {
                guard !isInterrupted() else {
                    throw EvaluationRunError.interrupted(
                        output: output.path, kept: embedder.cache.count)
                }
            }
            scored.score.count(set.judgements(allIDs))
            return scored
        }
    }

    /// Embeds the chosen documents a window at a time; only their rows stay in memory.
    private func embedCorpus(
        of set: RetrievalSet, _ chosen: Set<String>, _ documents: Documents, _ images: ImageStore,
        _ embedder: inout CachedEmbedder
    ) async throws -> (ids: [String], rows: [Int], contents: ContentHasher) {
        let windowCount = 64
        var reader = try DocumentReader(set.corpus)
        var (ids, rows, contents) = ([String](), [Int](), ContentHasher())
        var isAtEnd = false
        tell(.found(inputs: nil))
        while !isAtEnd {
            var (window, names) = ([PromptedContent](), [String]())
            while window.count < windowCount, !isAtEnd {
                guard let record = try reader.next(in: chosen) else {
                    isAtEnd = true
                    break
                }
                window.append(
                    try record.input(documents, images) {
                        embedder.embedder.known($0)
                    })
                // As if the model had every prompt: what a set holds is no matter of the model.
                let content = try record.input(documents, images) { $0 }
                contents.add(try ContentID(content))
                names.append("\(set.name), document \(record.id)")
                ids.append(record.id)
            }
            rows += try await embedder.rows(of: window, tellsCount: false) { names[$0] }
        }
        return (ids, rows, contents)
    }
}

/// The vectors of one set, as rows of a matrix.
private struct SetVectors {
    let matrix: VectorMatrix
    let queries: [QueryRecord]
    let queryRows: [Int]
    let documentIDs: [String]
    let documentRows: [Int]
    /// Of what the documents hold.
    let contents: ContentHasher

    /// - Throws: `SafetensorsError`.
    func write(_ name: String, to output: URL) throws {
        var file = VectorFile(matrix)
        file.add(vectors: "queries", rows: queryRows)
        file.add(vectors: "documents", rows: documentRows)
        try file.write(
            to: VectorFile.url(of: name, in: output),
            ids: ["query_ids": queries.map(\.id), "document_ids": documentIDs])
    }

    /// - Parameter willCompute: called before each block of scores; what it throws ends the search.
    /// - Throws: `EvaluationError`, `TorchError`, what `willCompute` throws.
    func score(
        _ set: RetrievalSet, willCompute: () throws -> Void
    ) throws -> EvaluationRun.ScoredSet {
        let groups = TranslationGroups.names(of: queries, set.relevance)
        let judged = zip(queries, queryRows).map { query, row in
            JudgedQuery(
                id: query.id, language: query.language, group: groups[query.id], row: row,
                relevance: set.relevance[query.id] ?? [:])
        }
        var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: documentIDs))
        try evaluation.add(judged, in: matrix, documents: documentRows, willCompute: willCompute)
        let texts = Dictionary(queries.map { ($0.id, $0.text) }) { first, _ in first }
        var outcomes = evaluation.outcomes
        for index in outcomes.indices { outcomes[index].input = texts[outcomes[index].query] }
        return EvaluationRun.ScoredSet(
            score: .retrieval(
                try evaluation.score(
                    set: set.name, random: RandomSource(seed: 0, name: set.name))),
            outcomes: outcomes, data: digest(judged, texts))
    }

    /// The identity of contents, ids and judgements.
    private func digest(_ judged: [JudgedQuery], _ texts: [String: String]) -> String {
        var hasher = contents
        for id in documentIDs { hasher.add(id) }
        for query in judged {
            hasher.add(query.id)
            hasher.add(texts[query.id] ?? "")
            for (id, grade) in query.relevance.sorted(by: { $0 < $1 }) {
                hasher.add("\(id) \(grade)")
            }
        }
        return hasher.id.text
    }
}

extension RetrievalSet {
    /// Where queries, judgements and the corpus of `documentIDs` do not fit together.
    fileprivate func judgements(_ documentIDs: [String]) -> JudgementCount {
        let (documents, asked) = (Set(documentIDs), Set(queries.map(\.id)))
        return JudgementCount(
            unjudgedQueries: queries.count { relevance[$0.id]?.isEmpty ?? true },
            ofUnknownQueries: relevance.filter { !asked.contains($0.key) }
                .reduce(0) { $0 + $1.value.count },
            ofUnknownDocuments: relevance.values.reduce(0) { sum, judged in
                sum + judged.keys.count { !documents.contains($0) }
            })
    }
}

extension SetScore {
    fileprivate mutating func count(_ judgements: JudgementCount) {
        guard case .retrieval(var score) = self else { return }
        score.judgements = judgements
        self = .retrieval(score)
    }
}
