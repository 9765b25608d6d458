// The inputs of a scored set, read again by the ids that its outcomes have.

package import Foundation
package import MoCaCore
import MoCaData
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
    /// - Throws: `DataError`, `EvaluationError`.
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
protocol ContentSource {
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
