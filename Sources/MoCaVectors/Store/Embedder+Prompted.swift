// Contents that play several roles, embedded together.

import MoCaCore
package import MoCaEmbedding

extension Embedder {
    /// The vectors of inputs, in their order; one that cannot be embedded keeps its error.
    ///
    /// Inputs of one role are embedded together, roles in the order in which they come: which inputs
    /// share a batch, and with that the bits of their vectors, is a function of `inputs` alone.
    ///
    /// - Parameter progress: told how many more inputs are done.
    /// - Throws: `ProcessingError.unknownRole`, what the model's thread throws.
    package func embed(
        _ inputs: [PromptedContent], progress: @Sendable (Int) -> Void
    ) async throws -> [Result<Embedding, any Error>] {
        var roles: [Role?] = []
        for input in inputs where !roles.contains(input.role) { roles.append(input.role) }
        var results = [Result<Embedding, any Error>](
            repeating: .success(Embedding([])), count: inputs.count)
        for role in roles {
            let places = inputs.indices.filter { inputs[$0].role == role }
            let outlines = try await outlines(of: places.map { inputs[$0].content }, as: role)
            var statistics = EmbeddingStatistics()
            let found = try await embed(outlines, statistics: &statistics, progress: progress)
            for (place, result) in zip(places, found) { results[place] = result }
        }
        return results
    }
}
