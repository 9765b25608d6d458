// Reads the inputs of a scored set again by the ids in its outcomes.

package import Foundation
package import MoCaCore
import MoCaData
import MoCaTables
package import MoCaEmbedding
import MoCaVectors

/// Queries and candidates of one set, read on demand.
package final class SetContents {
    private let source: any ContentSource
    private let instruction: String?

    /// Opens a set.
    ///
    /// - Parameters:
    ///   - data: the folder of the sets, or of one set.
    ///   - images: the root of relative image paths; nil uses the default of an evaluation.
    ///   - roles: the roles that the model has a prompt for.
    ///   - hasImagePrompt: whether the model has a prompt for images in any role.
    ///   - instruction: what queries were embedded for; nil for the model's own instruction.
    /// - Throws: `DataError`, `EvaluationError`.
    package init(
        _ name: String, of benchmark: Benchmark, data: URL, images: URL?, roles: Set<Role>,
        hasImagePrompt: Bool = false, instruction: String? = nil
    ) throws {
        self.instruction = instruction
        if let documents = benchmark.documents {
            let folder = try EvaluationRun.retrievalSets(
                in: data, subsets: [name], documents)[0]
            source = try RetrievalContents(
                folder, images: images, documents, roles, wordsPages: !hasImagePrompt)
        } else {
            let folder = try EvaluationRun.mmebSets(in: data, subsets: [name])[0]
            source = try MMEBContents(folder, images: images ?? data, roles)
        }
    }

    /// Whether the input of a query is unchanged.
    ///
    /// - Parameter input: the input recorded in its outcome.
    /// - Throws: `DataError`.
    package func holds(_ query: String, asking input: String) throws -> Bool {
        try source.input(query) == input
    }

    /// The query with this id; nil if the set no longer has it.
    ///
    /// - Throws: `DataError`.
    package func query(_ id: String) throws -> PromptedContent? {
        guard let query = try source.query(id) else { return nil }
        var content = query.content
        content.instruction = instruction
        return PromptedContent(content: content, role: query.role)
    }

    /// A candidate or document of a query; nil if the set no longer has it.
    ///
    /// - Throws: `DataError`.
    package func candidate(_ id: String, of query: String) throws -> PromptedContent? {
        try source.candidate(id, of: query)
    }

    /// Pairs of a right answer and the wrong answer chosen instead, most frequent first; empty if
    /// answers do not recur. Queries whose input has changed are excluded.
    ///
    /// - Throws: `DataError`.
    package func confusions(_ outcomes: [QueryOutcome], count: Int) throws -> [Confusion] {
        try (source as? MMEBContents)?.confusions(outcomes, count: count) ?? []
    }
}

/// A reader of the sets of one layout.
protocol ContentSource {
    /// The input of a query, as recorded in outcomes; nil if there is no such query.
    func input(_ query: String) throws -> String?
    func query(_ id: String) throws -> PromptedContent?
    func candidate(_ id: String, of query: String) throws -> PromptedContent?
}

/// A right answer and the wrong answer that was chosen instead.
package struct Confusion: Sendable, Hashable {
    /// The number of queries with this confusion.
    package let count: Int
    /// The number of queries with the same right answer.
    package let queryCount: Int
    /// The first outcome with this confusion.
    package let example: QueryOutcome
}
