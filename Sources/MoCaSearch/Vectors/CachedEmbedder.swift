// Embeds what the cache does not have.

package import MoCaCore
package import MoCaEmbedding

/// An embedder that computes every input once.
package struct CachedEmbedder {
    /// Inputs that are embedded together are of about this many tokens, which are minutes of a big
    /// model on a slow machine; their vectors are kept then.
    static let tokenCountMax = 16_384
    private static let bytesPerToken = 4
    /// A guess, which decides no more than how often vectors are kept.
    private static let tokensPerImage = 256

    package let embedder: Embedder
    package let cache: VectorCache
    private let files: ContentKey.FileIdentity
    private let progress: @Sendable (Progress) -> Void
    private let willEmbed: @Sendable (Int) throws -> Void
    /// Inputs that were embedded, not found in the cache.
    package private(set) var embeddedCount = 0

    /// What is told while inputs are embedded.
    package enum Progress: Sendable, Hashable {
        /// This many inputs are to be embedded, others were before.
        case found(toEmbed: Int)
        /// This many more inputs are embedded.
        case embedded(Int)
    }

    /// - Parameters:
    ///   - files: how image files are told from each other.
    ///   - willEmbed: asked before each window with the number of vectors that are kept; what it
    ///     throws ends the run.
    package init(
        _ embedder: Embedder, _ cache: VectorCache, files: ContentKey.FileIdentity = .path,
        progress: @escaping @Sendable (Progress) -> Void,
        willEmbed: @escaping @Sendable (Int) throws -> Void
    ) {
        (self.embedder, self.cache, self.files) = (embedder, cache, files)
        (self.progress, self.willEmbed) = (progress, willEmbed)
    }

    /// The role, where the model has a prompt for it.
    package func known(_ role: Role) -> Role? {
        embedder.roles.contains(role) ? role : nil
    }

    /// The cache's rows of inputs, which are embedded where it lacks them.
    ///
    /// - Parameters:
    ///   - name: what errors call an input, by its number.
    ///   - tellsCount: whether progress is told how many inputs there are.
    /// - Throws: `EmbeddingJobError.badRecord`, `.notFinite`, `SearchError`, what `willEmbed` throws.
    package mutating func rows(
        of inputs: [PromptedContent], tellsCount: Bool = true, name: (Int) -> String
    ) async throws -> [Int] {
        let files = files
        let keys = try await concurrentMap(inputs) { input in
            Result { try ContentKey(input, files: files) }
        }.map { try $0.get() }
        var seen: Set<ContentKey> = []
        let missing = inputs.indices.filter {
            cache.row(of: keys[$0]) == nil && seen.insert(keys[$0]).inserted
        }
        if tellsCount { progress(.found(toEmbed: missing.count)) }
        var (window, tokens) = ([Int](), 0)
        for index in missing {
            window.append(index)
            tokens += Self.tokenCount(inputs[index].content)
            guard tokens >= Self.tokenCountMax || index == missing.last else { continue }
            try willEmbed(cache.count)
            try await embed(window.map { (inputs[$0], keys[$0], name($0)) })
            (window, tokens) = ([], 0)
        }
        return keys.compactMap(cache.row)
    }

    private mutating func embed(
        _ window: [(input: PromptedContent, key: ContentKey, name: String)]
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
            let progress = progress
            let results = try await embedder.embed(
                outlines, statistics: &statistics, progress: { progress(.embedded($0)) })
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

    /// Tokens of a content, about.
    static func tokenCount(_ content: Content) -> Int {
        content.segments.reduce(1) { count, segment in
            switch segment {
            case .text(let text): count + text.utf8.count / bytesPerToken
            case .image: count + tokensPerImage
            }
        }
    }
}
