// The vectors of new files, batch by batch.

import Foundation
import MoCaCore
import MoCaEmbedding

/// Embeds the new files of a plan.
struct FileEmbedding {
    /// Items that are embedded together are of about this many tokens, which are minutes of a big
    /// model on a slow machine.
    private static let tokenCountMax = 16_384
    private static let bytesPerToken = 4
    /// A guess, which decides no more than how often progress is told.
    private static let tokensPerImage = 256

    private let embedder: Embedder
    private let progress: @Sendable (IndexBuilder.Progress) -> Void
    /// Vectors, one after the other, by the number of the file.
    private(set) var values: [Int: [Float]] = [:]
    /// Items that were embedded.
    private(set) var count = 0
    /// Why files could not be, by their numbers.
    private var failures: [Int: String] = [:]

    init(_ embedder: Embedder, progress: @escaping @Sendable (IndexBuilder.Progress) -> Void) {
        (self.embedder, self.progress) = (embedder, progress)
    }

    /// A part and the file that it is of.
    private struct Entry {
        let file: Int
        let part: FileParts.Part
    }

    /// - Returns: false when it was interrupted; files without vectors are then not done.
    mutating func run(
        _ plan: IndexPlan, isInterrupted: @Sendable () -> Bool
    ) async throws -> Bool {
        var (window, tokens) = ([Entry](), 0)
        // Files wait here until their last part is embedded.
        var rows: [Int: [Float]] = [:]
        for (index, file) in plan.files.enumerated() {
            guard case .new(let parts) = file.source else { continue }
            for part in parts {
                window.append(Entry(file: index, part: part))
                tokens += Self.tokenCount(part.content)
                guard tokens >= Self.tokenCountMax else { continue }
                guard !isInterrupted() else { return false }
                try await embed(window, plan, into: &rows)
                (window, tokens) = ([], 0)
                for (done, found) in rows where done < index { values[done] = found }
                rows = rows.filter { $0.key >= index }
            }
        }
        guard !isInterrupted() else { return false }
        try await embed(window, plan, into: &rows)
        values.merge(rows) { _, new in new }
        return true
    }

    private mutating func embed(
        _ window: [Entry], _ plan: IndexPlan, into rows: inout [Int: [Float]]
    ) async throws {
        var results = [Result<Embedding, any Error>?](repeating: nil, count: window.count)
        for role in [Role.document, .documentImage] {
            let places = window.indices.filter { window[$0].part.role == role }
            guard !places.isEmpty else { continue }
            // A role that the model has no prompt for is embedded as it is.
            let outlines = try await embedder.outlines(
                of: places.map { window[$0].part.content },
                as: embedder.roles.contains(role) ? role : nil)
            var statistics = EmbeddingStatistics()
            let progress = progress
            let found = try await embedder.embed(
                outlines, statistics: &statistics, progress: { progress(.embedded($0)) })
            count += statistics.items
            for (place, result) in zip(places, found) { results[place] = result }
        }
        for (entry, result) in zip(window, results) {
            guard let result, !failures.keys.contains(entry.file) else { continue }
            switch result {
            case .success(let embedding): rows[entry.file, default: []] += embedding.values
            case .failure(let error as any UserFacingError):
                failures[entry.file] = IndexBuilder.reason(error)
                rows[entry.file] = nil
            case .failure(let error): throw error
            }
        }
    }

    /// The files that could not be embedded, those with the same contents as another one included.
    func failed(in plan: IndexPlan) -> [SkippedFile] {
        plan.files.enumerated().compactMap { index, file in
            let first = if case .sameAs(let first) = file.source { first } else { index }
            return failures[first].map { SkippedFile(path: file.path, reason: $0) }
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
