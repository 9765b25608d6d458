// Embeds inputs that are missing from the cache, such that the bits of a vector do not depend on
// the cache's contents.

package import MoCaCore
package import MoCaEmbedding
package import MoCaSystem

/// An embedder that computes each input once.
///
/// Inputs are embedded in windows, and rounding depends on the inputs that share a batch. With
/// `Reuse.sameWindow` a window is either read or computed as a whole, and windows depend only on
/// the inputs given since this value was created: a resumed run, and one with half of its inputs
/// cached by another run, give the same bits as a run without a cache.
package struct CachedEmbedder {
    /// The cached vectors that may be reused.
    package enum Reuse: Sendable, Hashable {
        /// Vectors of the same input in the same window, which are bitwise equal.
        case sameWindow
        /// Vectors of the same input in any batch, which are equal up to rounding, and are found
        /// even if other inputs change.
        case sameInput
    }

    package let embedder: Embedder
    package let cache: VectorStore
    /// The approximate number of tokens in a window.
    package var windowTokens = WindowMeter.tokenCountMax
    /// The windows to embed; nil embeds all.
    package var shard: WindowShard?
    /// The keys of vectors that need not be embedded, because another store has them.
    var keptElsewhere: Set<ContentID> = []
    /// The number of windows so far, those of other shards included.
    private var windowCount = 0
    private let reuse: Reuse
    /// Counts the inputs that were embedded or read from the cache.
    package let progress: ProgressCounter
    private let willEmbed: @Sendable (Int) throws -> Void
    /// The cache's row of each input so far.
    private var rows: [ContentID: Int] = [:]
    /// The number of inputs that were embedded, not found in the cache.
    package private(set) var embeddedCount = 0

    /// - Parameters:
    ///   - progress: receives the progress of each task that `progress.begin` starts.
    ///   - willEmbed: called before each window with the number of cached vectors; an error that it
    ///     throws ends the run.
    package init(
        _ embedder: Embedder, _ cache: VectorStore, reuse: Reuse,
        progress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
        willEmbed: @escaping @Sendable (Int) throws -> Void
    ) {
        (self.embedder, self.cache, self.reuse) = (embedder, cache, reuse)
        self.progress = ProgressCounter(report: progress)
        self.willEmbed = willEmbed
    }

    /// The row of an input whose vector is not in the cache, but in that of another shard.
    package static let rowElsewhere = -1

    /// Returns the cache's rows of inputs, embedding those that are missing.
    ///
    /// With a shard, inputs of other shards are passed over, and have the row `rowElsewhere`.
    ///
    /// - Parameters:
    ///   - keys: the keys of the inputs, if known; nil reads every input to compute its key.
    ///   - name: returns the name of an input in errors, by index.
    ///   - task: begins a task of `progress` with the number of new inputs; nil continues the
    ///     present one.
    /// - Throws: `VectorError`, such as `.badRecord` and `.notFinite`, and errors of `willEmbed`.
    package mutating func rows(
        of inputs: [PromptedContent], keys: [ContentID]? = nil, task: String? = nil,
        name: (Int) -> String
    ) async throws -> [Int] {
        let found = if let keys { keys } else { try await Self.keys(of: inputs) }
        var seen: Set<ContentID> = []
        let new = inputs.indices.filter {
            rows[found[$0]] == nil && seen.insert(found[$0]).inserted
        }
        if let task { progress.begin(task, total: new.count) }
        var (window, meter) = ([Entry](), WindowMeter(tokenCountMax: windowTokens))
        for index in new {
            window.append(Entry(input: inputs[index], key: found[index], name: name(index)))
            meter.add(inputs[index].content)
            guard meter.isFull || index == new.last else { continue }
            try willEmbed(cache.count)
            let isOurs = shard?.contains(window: windowCount) ?? true
            // Other shards count the window even if it fails here.
            if shard != nil { windowCount += 1 }
            if isOurs { try await embed(window) } else { pass(window) }
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

    /// Leaves a window to its shard.
    private mutating func pass(_ window: [Entry]) {
        progress.add(window.count)
        for entry in window { rows[entry.key] = Self.rowElsewhere }
    }

    private struct Entry {
        let input: PromptedContent
        let key: ContentID
        let name: String
    }

    /// Finds or computes the vectors of a window.
    private mutating func embed(_ window: [Entry]) async throws {
        let kept = keptKeys(of: window)
        let found = try cache.rows(of: kept)
        let missing = window.indices.filter {
            found[$0] == nil && !keptElsewhere.contains(kept[$0])
        }
        let computed = reuse == .sameInput || missing.isEmpty ? missing : Array(window.indices)
        for case .some(let row) in found { _ = try cache.values(ofRow: row) }
        progress.add(window.count - computed.count)
        let progress = progress
        let results = try await embedder.embed(
            computed.map { window[$0].input }, progress: { progress.add($0) })
        // Rows of this window from a killed run have the same bits, and are kept.
        var (added, values, counts) = ([ContentID](), [Float](), [Int]())
        for (index, result) in zip(computed, results) {
            let embedding = try Self.embedding(result, of: window[index].name)
            guard found[index] == nil else { continue }
            added.append(kept[index])
            values += embedding.values
            counts.append(embedding.vectorCount)
        }
        try cache.append(keys: added, values: values, vectorCounts: counts)
        embeddedCount += computed.count
        for (index, row) in try cache.rows(of: kept).enumerated() {
            guard row != nil || keptElsewhere.contains(kept[index]) else {
                preconditionFailure("a row is not kept")
            }
            rows[window[index].key] = row ?? Self.rowElsewhere
        }
    }

    /// The cache keys of the vectors of a window.
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

    private static func embedding(
        _ result: Result<Embedding, any Error>, of name: String
    ) throws -> Embedding {
        do {
            return try result.get()
        } catch EmbeddingError.notFinite {
            throw VectorError.notFinite(record: name)
        } catch let error as any UserFacingError {
            throw VectorError.badRecord(record: name, error)
        }
    }
}
