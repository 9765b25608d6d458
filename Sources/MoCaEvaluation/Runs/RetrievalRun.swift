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
            let set = try RetrievalSet(folder: folder)
            let part = part ?? EvaluationPart()
            // Queries without text are excluded.
            let scoredQueries = part.queries(of: set).filter { !$0.text.isEmpty }
            let selection = try CorpusSelection(part, of: set, queries: scoredQueries)
            let queries = scoredQueries.map {
                PromptedContent(
                    content: Content([.text($0.text)], instruction: queryInstruction),
                    role: embedder.embedder.known(.query))
            }
            let queryRows = try await embedder.rows(
                of: queries, task: "queries of \(set.name)"
            ) {
                "\(set.name), query \(scoredQueries[$0].id)"
            }
            let corpus = try await embedCorpus(
                of: set, selection.chosen, documents, embedder: &embedder)
            let vectors = RetrievalVectors(
                matrix: try embedder.cache.matrix(), queries: scoredQueries, queryRows: queryRows,
                documentIDs: corpus.ids, documentRows: corpus.rows, contents: corpus.contents)
            if savesVectors { try vectors.write(set.name, to: output) }
            var scored = try vectors.score(set, withoutOwn: selfless.contains(folder)) {
                guard !isInterrupted() else {
                    throw EvaluationError.interrupted(
                        output: output.path, kept: embedder.cache.count)
                }
            }
            var judgements = set.judgements(selection.allIDs ?? corpus.ids + corpus.emptyIDs)
            judgements.emptyQueries = set.queries.count { $0.text.isEmpty }
            judgements.emptyDocuments = corpus.emptyIDs.count
            scored.score.count(judgements)
            return scored
        }
    }

    /// Whether the document with the id of a query is left out of the rankings of a set.
    private func leavesOwnOut(_ folder: URL) throws -> Bool {
        try ignoresIdenticalIDs ?? RetrievalRules(of: folder).ignoresIdenticalIDs
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

/// The embedded documents of a set.
private struct EmbeddedCorpus {
    var ids: [String] = []
    /// The documents without any text or image, which are not ranked.
    var emptyIDs: [String] = []
    /// The row of each document in the matrix of cached vectors.
    var rows: [Int] = []
    /// A digest of the documents' contents.
    var contents = ContentHasher()
}

extension RetrievalSet {
    /// Counts mismatches among queries, judgements and the corpus of `documentIDs`.
    fileprivate func judgements(_ documentIDs: [String]) -> JudgementCount {
        let documents = Set(documentIDs.map { ExactText($0) })
        let scoredQueries = Set(queries.map { ExactText($0.id) })
        return JudgementCount(
            unjudgedQueries: queries.count { relevance[ExactText($0.id)]?.isEmpty ?? true },
            ofUnknownQueries: relevance.filter { !scoredQueries.contains($0.key) }
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
