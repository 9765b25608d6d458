// The similarity of every query with every target.

import MoCaCore

/// The cosines of queries and targets.
package struct SimilarityTable: Sendable, Encodable {
    /// An input and its name.
    package struct Input: Sendable {
        package let name: String
        package let content: PromptedContent

        package init(_ name: String, _ content: PromptedContent) {
            self.name = name
            self.content = content
        }
    }

    /// The names of the queries, one for each row.
    package let queries: [String]
    /// The names of the targets, one for each column.
    package let targets: [String]
    /// The cosines, `[queries, targets]`.
    package let similarity: [[Float]]

    /// Embeds queries and targets, and compares them.
    ///
    /// - Throws: `EmbeddingError.badNamedInput`, `ProcessingError`, `TorchError`.
    package init(
        queries: [Input], targets: [Input], embedder: Embedder
    ) async throws {
        let rows = try await Self.vectors(of: queries, embedder)
        let columns = try await Self.vectors(of: targets, embedder)
        self.queries = queries.map(\.name)
        self.targets = targets.map(\.name)
        similarity = rows.map { row in columns.map { row.cosine(with: $0) } }
    }

    /// The vectors of inputs. Texts and images are not embedded together: the bits of a text's
    /// vector do not depend on the images beside it.
    private static func vectors(
        of inputs: [Input], _ embedder: Embedder
    ) async throws -> [Embedding] {
        let isText = inputs.map { $0.content.content.images.isEmpty }
        func embed(texts: Bool) async throws -> [Embedding] {
            let chosen = zip(inputs, isText).filter { $1 == texts }.map(\.0)
            let results = try await embedder.embed(chosen.map(\.content))
            return try zip(chosen, results).map { input, result in
                do {
                    return try result.get()
                } catch let error as any UserFacingError {
                    throw EmbeddingError.badNamedInput(name: input.name, error)
                }
            }
        }
        var texts = try await embed(texts: true)[...]
        var images = try await embed(texts: false)[...]
        return isText.map { $0 ? texts.removeFirst() : images.removeFirst() }
    }
}
