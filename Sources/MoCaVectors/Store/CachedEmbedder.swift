// Embeds what the cache does not have, so that the bits of a vector do not depend on what it had.

import MoCaCore
package import MoCaEmbedding
package import MoCaSystem

/// An embedder that computes every input once.
///
/// Inputs are embedded window by window, and kernels round by what shares a batch. With
/// `Reuse.sameWindow` a window is found whole or computed whole, and windows are a function of the
/// inputs that were given since this value was made: an interrupted run that goes on, and one that
/// finds half of its inputs from another run, give the bits of a run that starts from nothing.
package struct CachedEmbedder {
    /// Which vectors that are kept are used again.
    package enum Reuse: Sendable, Hashable {
        /// Those of the same input in the same window: equal bits.
        case sameWindow
        /// Those of the same input, whatever shared its batch: equal up to rounding, and found again
        /// when other inputs come or go.
        case sameInput
    }

    package let embedder: Embedder
    package let cache: VectorCache
    /// Tokens of a window, about.
    package var windowTokens = WindowMeter.tokenCountMax
    private let reuse: Reuse
    private let progress: @Sendable (EmbeddingProgress) -> Void
    private let willEmbed: @Sendable (Int) throws -> Void
    /// The cache's row of every input so far.
    private var rows: [ContentID: Int] = [:]
    /// Inputs that were embedded, not found in the cache.
    package private(set) var embeddedCount = 0

    /// - Parameters:
    ///   - willEmbed: asked before each window with the number of vectors that are kept; what it
    ///     throws ends the run.
    package init(
        _ embedder: Embedder, _ cache: VectorCache, reuse: Reuse,
        progress: @escaping @Sendable (EmbeddingProgress) -> Void,
        willEmbed: @escaping @Sendable (Int) throws -> Void
    ) {
        (self.embedder, self.cache, self.reuse) = (embedder, cache, reuse)
        (self.progress, self.willEmbed) = (progress, willEmbed)
    }

    /// The cache's rows of inputs, which are embedded where it lacks them.
    ///
    /// - Parameters:
    ///   - keys: the keys of the inputs, where they are known; nil reads every input for its key.
    ///   - name: what errors call an input, by its number.
    ///   - tellsCount: whether progress is told how many inputs there are.
    /// - Throws: `VectorError.badRecord`, `.notFinite`, `VectorError`, what `willEmbed` throws.
    package mutating func rows(
        of inputs: [PromptedContent], keys: [ContentID]? = nil, tellsCount: Bool = true,
        name: (Int) -> String
    ) async throws -> [Int] {
        let found = if let keys { keys } else { try await Self.keys(of: inputs) }
        var seen: Set<ContentID> = []
        let new = inputs.indices.filter {
            rows[found[$0]] == nil && seen.insert(found[$0]).inserted
        }
        if tellsCount { progress(.found(new.count)) }
        var (window, meter) = ([Entry](), WindowMeter(tokenCountMax: windowTokens))
        for index in new {
            window.append(Entry(input: inputs[index], key: found[index], name: name(index)))
            meter.add(inputs[index].content)
            guard meter.isFull || index == new.last else { continue }
            try willEmbed(cache.count)
            try await embed(window)
            (window, meter) = ([], WindowMeter(tokenCountMax: windowTokens))
        }
        return found.map { key in
            guard let row = rows[key] else { preconditionFailure("an input has no row") }
            return row
        }
    }

    private static func keys(of inputs: [PromptedContent]) async throws -> [ContentID] {
        let keys = try await ContentID.ids(of: inputs.map(\.content))
        return zip(inputs, keys).map { $1.adding(role: $0.role) }
    }

    private struct Entry {
        let input: PromptedContent
        let key: ContentID
        let name: String
    }

    /// Finds or computes the vectors of a window.
    private mutating func embed(_ window: [Entry]) async throws {
        let kept = keptKeys(of: window)
        let isThere = kept.map { cache.row(of: $0) != nil }
        let missing = window.indices.filter { !isThere[$0] }
        let computed = reuse == .sameInput || missing.isEmpty ? missing : Array(window.indices)
        for index in window.indices where isThere[index] { try cache.verify(kept[index]) }
        progress(.done(window.count - computed.count))
        let progress = progress
        let results = try await embedder.embed(
            computed.map { window[$0].input }, progress: { progress(.done($0)) })
        // Rows that a killed run kept of this window have the same bits, and stay.
        var (added, values) = ([ContentID](), [Float]())
        for (index, result) in zip(computed, results) {
            let vector = try Self.vector(result, of: window[index].name)
            guard !isThere[index] else { continue }
            added.append(kept[index])
            values += vector
        }
        try cache.append(added, values: values)
        embeddedCount += computed.count
        for (entry, key) in zip(window, kept) {
            guard let row = cache.row(of: key) else { preconditionFailure("a row is not kept") }
            rows[entry.key] = row
        }
    }

    /// What the vectors of a window are kept under.
    private func keptKeys(of window: [Entry]) -> [ContentID] {
        guard reuse == .sameWindow else { return window.map(\.key) }
        var hasher = ContentHasher()
        for entry in window { hasher.add(entry.key) }
        return window.map { entry in
            var inWindow = hasher
            inWindow.add(entry.key)
            return inWindow.id
        }
    }

    private static func vector(
        _ result: Result<Embedding, any Error>, of name: String
    ) throws -> [Float] {
        do {
            return try result.get().values
        } catch EmbeddingError.notFinite {
            throw VectorError.notFinite(record: name)
        } catch let error as any UserFacingError {
            throw VectorError.badRecord(record: name, error)
        }
    }
}
