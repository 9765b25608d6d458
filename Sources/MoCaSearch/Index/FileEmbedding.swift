// Embeds new files in batches.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaSystem
import MoCaVectors

/// Embeds the new files of a plan.
struct FileEmbedding {
    private let embedder: Embedder
    private let progress: ProgressCounter
    /// The vectors of the items of each file, by its index in the plan.
    private(set) var vectors: [Int: ItemVectors] = [:]
    /// The number of items that were embedded.
    private(set) var count = 0
    /// The reasons why files could not be embedded, by file index.
    private var failures: [Int: String] = [:]

    init(_ embedder: Embedder, progress: ProgressCounter) {
        (self.embedder, self.progress) = (embedder, progress)
    }

    /// A part and the index of its file.
    private struct Entry {
        let file: Int
        let part: FileParts.Part
    }

    /// - Returns: false if it was interrupted; files without vectors are then incomplete.
    mutating func run(
        _ plan: IndexPlan, isInterrupted: @Sendable () -> Bool
    ) async throws -> Bool {
        var (window, meter) = ([Entry](), WindowMeter())
        // Vectors of files whose last part may not be embedded yet.
        var rows: [Int: ItemVectors] = [:]
        for (index, file) in plan.files.enumerated() {
            guard case .new(let parts) = file.source else { continue }
            for part in parts {
                window.append(Entry(file: index, part: part))
                meter.add(part.content)
                guard meter.isFull else { continue }
                guard !isInterrupted() else { return false }
                try await embed(window, plan, into: &rows)
                (window, meter) = ([], WindowMeter())
                for (done, found) in rows where done < index { vectors[done] = found }
                rows = rows.filter { $0.key >= index }
            }
        }
        guard !isInterrupted() else { return false }
        try await embed(window, plan, into: &rows)
        vectors.merge(rows) { _, new in new }
        return true
    }

    private mutating func embed(
        _ window: [Entry], _ plan: IndexPlan, into rows: inout [Int: ItemVectors]
    ) async throws {
        let inputs = window.map { embedder.prompted($0.part.content, as: $0.part.role) }
        let progress = progress
        let results = try await embedder.embed(inputs, progress: { progress.add($0) })
        for (entry, result) in zip(window, results) {
            if case .success = result { count += 1 }
            guard !failures.keys.contains(entry.file) else { continue }
            switch result {
            case .success(let embedding):
                rows[entry.file, default: ItemVectors()].values += embedding.values
                rows[entry.file]?.lengths.append(embedding.vectorCount)
            case .failure(let error as any UserFacingError):
                failures[entry.file] = IndexBuilder.reason(error)
                rows[entry.file] = nil
            case .failure(let error): throw error
            }
        }
    }

    /// The files that could not be embedded, including files with the same contents.
    func failed(in plan: IndexPlan) -> [SkippedFile] {
        plan.files.enumerated().compactMap { index, file in
            let first = if case .sameAs(let first) = file.source { first } else { index }
            return failures[first].map { SkippedFile(path: file.path, reason: $0) }
        }
    }
}
