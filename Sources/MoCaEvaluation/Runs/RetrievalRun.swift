// ViDoRe (Faysse et al. 2024; Mace et al. 2025) and other sets in the layout of BEIR: every query
// is ranked against every document.

package import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSettings
import MoCaSystem
import MoCaTables
import MoCaVectors

extension EvaluationRun {
    /// The type of a benchmark's documents.
    package enum Documents: Sendable, Hashable {
        /// Document pages as images: ViDoRe.
        case pages
        /// Texts, images, or both: sets of the same layout with the columns `title` and `text`.
        case any

        /// The suite that defines the averages.
        var suite: BenchmarkSuite { self == .pages ? .vidore : .retrieval }
    }

    /// The folders of the sets to score: those of `subsets`, or all.
    ///
    /// - Throws: `EvaluationError.noSets`, `.setMissing`, `.setRefused`, `.sameSet`,
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
                throw EvaluationError.incompleteSet(folder: folder.path, missing: missing)
            }
        }
        return folders
    }

    /// Scores sets with folders `corpus`, `queries` and `qrels`, or in the layout of BEIR.
    ///
    /// The model's prompts are applied to queries (`query`) and documents (`document`, or
    /// `document_image` with an image). A model without any embeds queries as plain text, and pages
    /// with ViDoRe's wording.
    ///
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    package func retrieval(_ documents: Documents) async throws -> Report {
        let folders = try Self.retrievalSets(in: data, subsets: subsets, documents)
        let selfless = try documents == .pages ? [] : folders.filter { try leavesOwnOut($0) }
        var run = self
        if !selfless.isEmpty {
            run.settings["ignore_identical_ids"] = .array(
                selfless.map { .string($0.lastPathComponent) })
        }
        return try await run.scoreAll(folders, documents.suite) { folder, embedder in
            let embedded = try await embedRetrieval(folder, documents, with: &embedder)
            let (set, corpus) = (embedded.set, embedded.corpus)
            let vectors = RetrievalVectors(
                matrix: try embedder.cache.matrix(), queries: embedded.queries,
                queryRows: embedded.queryRows, documentIDs: corpus.ids, documentRows: corpus.rows,
                contents: corpus.contents)
            if savesVectors { try vectors.write(set.name, to: output) }
            let documentIDs = embedded.allDocumentIDs ?? corpus.ids + corpus.emptyIDs
            var judgements = set.judgements(documentIDs)
            judgements.emptyQueries = set.queries.count { $0.text.isEmpty }
            judgements.emptyDocuments = corpus.emptyIDs.count
            for note in try set.notes(on: judgements, documentIDs) { tell(.noted(note)) }
            var scored = try vectors.score(set, withoutOwn: selfless.contains(folder)) {
                guard !isInterrupted() else {
                    throw EvaluationError.interrupted(
                        output: output.path, kept: embedder.cache.count)
                }
            }
            scored.score.count(judgements)
            scored.isWhole = embedded.isWhole
            return scored
        }
    }

    /// Whether the document with the id of a query is left out of the rankings of a set.
    private func leavesOwnOut(_ folder: URL) throws -> Bool {
        try ignoresIdenticalIDs ?? RetrievalRules(of: folder).ignoresIdenticalIDs
    }

    /// Embeds the queries and the documents of a set.
    ///
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    func embedRetrieval(
        _ folder: URL, _ documents: Documents, with embedder: inout CachedEmbedder
    ) async throws -> EmbeddedRetrievalSet {
        let set = try RetrievalSet(folder: folder)
        let part = part ?? EvaluationPart()
        // Queries without text are excluded.
        let chosen = part.queries(of: set)
        let queries = chosen.filter { !$0.text.isEmpty }
        let selection = try CorpusSelection(part, of: set, queries: queries)
        let known = embedder.embedder.known(.query)
        let inputs = queries.map {
            PromptedContent(
                content: Content([.text($0.text)], instruction: queryInstruction), role: known)
        }
        let rows = try await embedder.rows(of: inputs, task: "queries of \(set.name)") {
            "\(set.name), query \(queries[$0].id)"
        }
        let corpus = try await embedCorpus(
            of: set, selection.chosen, documents, embedder: &embedder)
        return EmbeddedRetrievalSet(
            set: set, queries: queries, queryRows: rows, corpus: corpus,
            allDocumentIDs: selection.allIDs,
            isWhole: selection.isWhole && chosen.count == set.queries.count)
    }

    /// Embeds the chosen documents one window at a time; only their rows stay in memory.
    private func embedCorpus(
        of set: RetrievalSet, _ chosen: Set<ExactText>?, _ documents: Documents,
        embedder: inout CachedEmbedder
    ) async throws -> EmbeddedCorpus {
        let windowCount = 64
        let known = embedder.embedder.known
        let wordsPages = !embedder.embedder.hasImagePrompt
        let images = images.map { ImageStore(root: $0) } ?? set.images
        var reader = try CorpusReader(set.corpus)
        var corpus = EmbeddedCorpus()
        var isAtEnd = false
        embedder.progress.begin("documents of \(set.name)", total: nil)
        while !isAtEnd {
            var window: [DocumentInput] = []
            let first = corpus.ids.count
            while window.count < windowCount, !isAtEnd {
                guard let record = try reader.next(in: chosen) else {
                    isAtEnd = true
                    break
                }
                do {
                    window.append(
                        try DocumentInput(
                            record, documents, images: images, wordsPages: wordsPages))
                    corpus.ids.append(record.id)
                } catch DataError.emptyContent {
                    // An empty document is not ranked; it counts as not found where it is relevant.
                    corpus.emptyIDs.append(record.id)
                }
            }
            guard !window.isEmpty else { continue }
            let keys = try await ContentID.ids(of: window.map(\.content))
            for (input, key) in zip(window, keys) {
                // With the role of the document: the digest of a set does not depend on the model.
                corpus.contents.add(key.adding(role: input.role))
            }
            let ids = corpus.ids
            corpus.rows += try await embedder.rows(
                of: window.map { $0.prompted(known: known) },
                keys: zip(window, keys).map { $0.promptedKey($1, known: known) }
            ) { "\(set.name), document \(ids[first + $0])" }
        }
        return corpus
    }
}

/// The choice of the documents to rank.
private struct CorpusSelection {
    /// The ids of the ranked documents; nil for all documents.
    let chosen: Set<ExactText>?
    /// The ids of all documents; nil if the choice did not need them.
    let allIDs: [String]?

    /// Whether all documents are ranked.
    var isWhole: Bool { chosen?.count == allIDs?.count }

    /// - Throws: `DataError`.
    init(_ part: EvaluationPart, of set: RetrievalSet, queries: [QueryRecord]) throws {
        guard part.documentCount != nil else {
            chosen = nil
            allIDs = nil
            return
        }
        let ids = try CorpusReader.ids(in: set.corpus)
        chosen = part.documents(ids, for: queries, set.relevance)
        allIDs = ids
    }
}

/// A set with the rows of its inputs in the matrix of cached vectors.
struct EmbeddedRetrievalSet {
    let set: RetrievalSet
    /// The queries to score.
    let queries: [QueryRecord]
    /// The row of each query.
    let queryRows: [Int]
    let corpus: EmbeddedCorpus
    /// The ids of all documents; nil if they are those of `corpus`.
    let allDocumentIDs: [String]?
    /// Whether all queries are scored and all documents ranked.
    let isWhole: Bool
}

/// The embedded documents of a set.
struct EmbeddedCorpus {
    var ids: [String] = []
    /// The documents without any text or image, which are not ranked.
    var emptyIDs: [String] = []
    /// The row of each document in the matrix of cached vectors.
    var rows: [Int] = []
    /// A digest of the documents' contents.
    var contents = ContentHasher()
}

extension SetScore {
    fileprivate mutating func count(_ judgements: JudgementCount) {
        guard case .retrieval(var score) = self else { return }
        score.judgements = judgements
        self = .retrieval(score)
    }
}
