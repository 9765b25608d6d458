// Embeds what the cache does not have.

import MoCaCore
import MoCaEmbedding

/// What a run tells while it works.
package enum EvaluationEvent: Sendable {
    /// A set begins.
    case started(set: String, number: Int, of: Int)
    /// This many inputs are to be embedded, others were before; nil where they are not counted.
    case found(toEmbed: Int?)
    /// This many more inputs are embedded.
    case embedded(Int)
    /// A set is scored.
    case finished(set: String, SetScore)
}

/// An embedder that computes every input once.
struct CachedEmbedder {
    /// Inputs that are embedded together are of about this many tokens, which are minutes of a big
    /// model on a slow machine; their vectors are kept then.
    private static let tokenCountMax = 16_384
    private static let bytesPerToken = 4
    /// A guess, which decides no more than how often vectors are kept.
    private static let tokensPerImage = 256

    let embedder: Embedder
    let cache: VectorCache
    /// For the error of an interrupted run.
    let output: String
    let tell: @Sendable (EvaluationEvent) -> Void
    let isInterrupted: @Sendable () -> Bool
    /// Inputs that were embedded, not found in the cache.
    private(set) var embeddedCount = 0

    init(
        _ embedder: Embedder, _ cache: VectorCache, output: String,
        tell: @escaping @Sendable (EvaluationEvent) -> Void,
        isInterrupted: @escaping @Sendable () -> Bool
    ) {
        (self.embedder, self.cache, self.output) = (embedder, cache, output)
        (self.tell, self.isInterrupted) = (tell, isInterrupted)
    }

    /// The role, where the model has a prompt for it.
    func known(_ role: Role) -> Role? {
        embedder.roles.contains(role) ? role : nil
    }

    /// The cache's rows of inputs, which are embedded where it lacks them.
    ///
    /// - Parameters:
    ///   - name: what errors call an input, by its number.
    ///   - tellsCount: whether progress is told how many inputs there are.
    /// - Throws: `EmbeddingJobError.badRecord`, `.notFinite`, `EvaluationRunError`.
    mutating func rows(
        of inputs: [EvaluationInput], tellsCount: Bool = true, name: (Int) -> String
    ) async throws -> [Int] {
        let keys = try inputs.map(ContentKey.init)
        var seen: Set<ContentKey> = []
        let missing = inputs.indices.filter {
            cache.row(of: keys[$0]) == nil && seen.insert(keys[$0]).inserted
        }
        if tellsCount { tell(.found(toEmbed: missing.count)) }
        var (window, tokens) = ([Int](), 0)
        for index in missing {
            window.append(index)
            tokens += Self.tokenCount(inputs[index].content)
            guard tokens >= Self.tokenCountMax || index == missing.last else { continue }
            guard !isInterrupted() else {
                throw EvaluationRunError.interrupted(output: output, kept: cache.count)
            }
            try await embed(window.map { (inputs[$0], keys[$0], name($0)) })
            (window, tokens) = ([], 0)
        }
        return keys.compactMap(cache.row)
    }

    private mutating func embed(
        _ window: [(input: EvaluationInput, key: ContentKey, name: String)]
    ) async throws {
        // One role at a time, in the order in which they come.
        var roles: [Role?] = []
        for entry in window where !roles.contains(entry.input.role) {
            roles.append(entry.input.role)
        }
        for role in roles {
            let entries = window.filter { $0.input.role == role }
            let outlines = try await embedder.outlines(
                of: entries.map(\.input.content), as: role)
            var statistics = EmbeddingStatistics()
            let tell = tell
            let results = try await embedder.embed(
                outlines, statistics: &statistics, progress: { tell(.embedded($0)) })
            var values: [Float] = []
            for (entry, result) in zip(entries, results) {
                values += try Self.vector(result, of: entry.name)
            }
            try cache.append(entries.map(\.key), values: values)
            embeddedCount += entries.count
        }
    }

    private static func vector(
        _ result: Result<Embedding, any Error>, of name: String
    ) throws -> [Float] {
        do {
            return try result.get().values
        } catch EmbeddingError.notFinite {
            throw EmbeddingJobError.notFinite(record: name)
        } catch let error as any UserFacingError {
            throw EmbeddingJobError.badRecord(record: name, error)
        }
    }

    private static func tokenCount(_ content: Content) -> Int {
        content.segments.reduce(1) { count, segment in
            switch segment {
            case .text(let text): count + text.utf8.count / bytesPerToken
            case .image: count + tokensPerImage
            }
        }
    }
}
