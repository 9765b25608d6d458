// The inputs of a scored set, read again by the ids that its outcomes have.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaTables
package import MoCaVectors

/// Which benchmark a set was scored as.
package enum Benchmark: String, Sendable, Hashable {
    case mmeb, vidore, retrieval
}

/// Queries and candidates of one set. Only what is asked for is read.
package final class SetContents {
    private let source: any ContentSource

    /// Opens a set.
    ///
    /// - Parameters:
    ///   - data: the folder of the sets, or the set.
    ///   - images: where image paths start; nil as in an evaluation.
    ///   - roles: those that the model has a prompt for.
    /// - Throws: `DataError`, `EvaluationRunError`.
    package init(
        _ name: String, of benchmark: Benchmark, data: URL, images: URL?, roles: Set<Role>
    ) throws {
        switch benchmark {
        case .mmeb:
            let folder = try EvaluationRun.mmebSets(in: data, subsets: [name])[0]
            source = try MMEBContents(folder, images: images ?? data, roles)
        case .vidore, .retrieval:
            let documents = benchmark == .vidore ? EvaluationRun.Documents.pages : .any
            let folder = try EvaluationRun.retrievalSets(
                in: data, subsets: [name], documents)[0]
            source = try RetrievalContents(folder, images: images, documents, roles)
        }
    }

    /// Whether a query still asks what it did.
    ///
    /// - Parameter input: what it asked, as its outcome has it.
    /// - Throws: `DataError`.
    package func holds(_ query: String, asking input: String) throws -> Bool {
        try source.input(query) == input
    }

    /// A query; nil where the set does not have it any more.
    ///
    /// - Throws: `DataError`.
    package func query(_ id: String) throws -> PromptedContent? { try source.query(id) }

    /// A candidate or document of a query; nil where the set does not have it any more.
    ///
    /// - Throws: `DataError`.
    package func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        try source.candidate(id, of: query)
    }

    /// Which right answers were taken for which wrong ones, the most frequent first; none where
    /// answers do not recur. Queries that ask something else by now are left out.
    ///
    /// - Throws: `DataError`.
    package func confusions(_ outcomes: [QueryOutcome], count: Int) throws -> [Confusion] {
        try (source as? MMEBContents)?.confusions(outcomes, count: count) ?? []
    }
}

/// How the sets of a layout are read.
private protocol ContentSource {
    /// What a query asks, as outcomes have it; nil where there is no such query.
    func input(_ query: String) throws -> String?
    func query(_ id: String) throws -> PromptedContent?
    func candidate(_ id: String, of query: String) throws -> PromptedContent?
}

/// One answer taken for another.
package struct Confusion: Sendable, Hashable {
    /// How often.
    package let count: Int
    /// Queries with the same right answer.
    package let queryCount: Int
    /// One of them.
    package let example: QueryOutcome
}

// MARK: - MMEB

/// Records of a set in the layout of MMEB.
private final class MMEBContents: ContentSource {
    private let catalog: Catalog<BenchmarkSample>
    private let roles: Set<Role>

    init(_ folder: URL, images: URL, _ roles: Set<Role>) throws {
        catalog = try Catalog(folders: [folder], images: ImageStore(root: images))
        self.roles = roles
    }

    func input(_ query: String) throws -> String? {
        try record(query)?.sides()[0].inputText
    }

    func query(_ id: String) throws -> PromptedContent? {
        guard let record = try record(id) else { return nil }
        let content = try record.content(of: record.sides()[0], images: catalog.images)
        return PromptedContent(content: content, role: .query, prompted: roles)
    }

    /// The images of the others are not read: they may be in archives.
    func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        guard let number = Int(id), let record = try record(query) else { return nil }
        let sides = Array(try record.sides().dropFirst())
        guard sides.indices.contains(number) else { return nil }
        let content = try record.content(of: sides[number], images: catalog.images)
        let role = content.images.isEmpty ? Role.document : .documentImage
        return PromptedContent(content: content, role: role, prompted: roles)
    }

    private func record(_ query: String) throws -> BenchmarkRecord? {
        guard let mark = query.lastIndex(of: "#"),
            let row = Int(query[query.index(after: mark)...]),
            (0..<catalog.rowCount).contains(row)
        else { return nil }
        return try catalog.record(SampleID(subset: catalog.subsets[0].name, row: row))
    }

    // MARK: Confusions

    /// What makes two answers the same.
    private struct Answer: Hashable {
        let text: String
        let path: String

        /// nil where there is no candidate of this number.
        init?(_ number: Int, of candidates: [BenchmarkSide]) {
            guard candidates.indices.contains(number) else { return nil }
            (text, path) = (candidates[number].text, candidates[number].imagePath)
        }
    }

    private struct Pair: Hashable {
        let right: Answer
        let wrong: Answer
    }

    func confusions(_ outcomes: [QueryOutcome], count: Int) throws -> [Confusion] {
        var found: [Pair: (count: Int, first: Int)] = [:]
        var queryCounts: [Answer: Int] = [:]
        for (index, outcome) in outcomes.enumerated() where !outcome.isRight {
            guard let pair = try pair(of: outcome) else { continue }
            found[pair, default: (0, index)].count += 1
            queryCounts[pair.right, default: 0] += 1
        }
        let frequent = found.filter { $0.value.count > 1 }.sorted {
            ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first)
        }.prefix(count)
        guard !frequent.isEmpty else { return [] }
        for outcome in outcomes where outcome.isRight {
            guard let candidates = try candidates(of: outcome),
                let right = Answer(0, of: candidates)
            else { continue }
            queryCounts[right, default: 0] += 1
        }
        return frequent.map { pair, value in
            Confusion(
                count: value.count, queryCount: queryCounts[pair.right] ?? value.count,
                example: outcomes[value.first])
        }
    }

    private func pair(of outcome: QueryOutcome) throws -> Pair? {
        guard let wrong = outcome.best.first.flatMap({ Int($0.id) }),
            let candidates = try candidates(of: outcome),
            let right = Answer(0, of: candidates), let other = Answer(wrong, of: candidates)
        else { return nil }
        return Pair(right: right, wrong: other)
    }

    /// nil where the query is not there any more, or asks something else by now.
    private func candidates(of outcome: QueryOutcome) throws -> [BenchmarkSide]? {
        guard let sides = try record(outcome.query)?.sides(),
            outcome.input == nil || outcome.input == sides[0].inputText
        else { return nil }
        return Array(sides.dropFirst())
    }
}

extension BenchmarkSide {
    /// Text and image for a reader; the image of a `data:` URL is not spelled out.
    var inputText: String {
        guard !imagePath.isEmpty else { return text }
        return "\(text) [\(imagePath.hasPrefix("data:") ? "image" : imagePath)]"
    }
}

// MARK: - Retrieval

/// A document as it stands in its file.
private struct DocumentSample: Sample {
    let record: DocumentRecord

    init(_ record: DocumentRecord, id: SampleID, images: ImageStore) { self.record = record }
}

/// Queries and documents of a set in the layout of BEIR.
private final class RetrievalContents: ContentSource {
    private let queries: [String: String]
    private let catalog: Catalog<DocumentSample>
    private let documents: EvaluationRun.Documents
    private let roles: Set<Role>
    /// The row of each document.
    private let rows: [String: Int]

    init(
        _ folder: URL, images: URL?, _ documents: EvaluationRun.Documents, _ roles: Set<Role>
    ) throws {
        (self.documents, self.roles) = (documents, roles)
        let set = try RetrievalSet(folder: folder)
        queries = Dictionary(set.queries.map { ($0.id, $0.text) }) { first, _ in first }
        catalog = try Catalog(
            folders: [set.corpus],
            images: ImageStore(root: images ?? folder.appending(path: "corpus")))
        let ids = try DocumentReader.ids(in: set.corpus)
        rows = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    }

    func input(_ query: String) throws -> String? { queries[query] }

    func query(_ id: String) throws -> PromptedContent? {
        queries[id].map {
            PromptedContent(content: .text($0), role: .query, prompted: roles)
        }
    }

    func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        guard let row = rows[id] else { return nil }
        let id = SampleID(subset: catalog.subsets[0].name, row: row)
        return try catalog.record(id).input(documents, catalog.images) { [roles] in
            roles.contains($0) ? $0 : nil
        }
    }
}
