// Synchronises an index with its source files.

package import Foundation
package import MoCaCore
package import MoCaEmbedding
import MoCaSystem
package import MoCaVectors
import Torch

/// Embeds new files, keeps unchanged ones, and drops removed ones.
///
///     let builder = IndexBuilder(folder: index, embedder: embedder, model: model, settings: ...)
///     let report = try await builder.update(paths: [photos])
package struct IndexBuilder: Sendable {
    private let folder: URL
    private let embedder: Embedder
    private let model: ModelIdentity
    private let settings: VectorSettings
    private let reader: FileParts

    /// The maximum length of a passage in characters, unless another is given.
    package static let standardPassageLength = 1200

    /// Creates a builder for an index in `folder`, which need not exist yet.
    ///
    /// - Parameter passageLength: the maximum length of a passage in characters.
    package init(
        folder: URL, embedder: Embedder, model: ModelIdentity, settings: VectorSettings,
        passageLength: Int = standardPassageLength
    ) {
        self.folder = folder.standardizedFileURL
        (self.embedder, self.model, self.settings) = (embedder, model, settings)
        reader = FileParts(passages: Passages(characterCountMax: passageLength))
    }

    /// The result of an update.
    package struct Report: Sendable, Hashable, Codable {
        /// The number of items in the index.
        package var items = 0
        /// The number of files that the items come from.
        package var files = 0
        /// The number of items whose vectors were computed.
        package var embedded = 0
        /// The number of items of files that are copies of others and share their vectors.
        package var copied = 0
        /// The number of files that were removed from the index.
        package var removed = 0
        /// Indexed files and folders that are gone, and with them their files in the index.
        package var missing: [MissingRoot] = []
        /// Files of types that are not indexed.
        package var skipped: [SkippedFile] = []
        /// Files that could not be embedded, with the reasons.
        package var failed: [SkippedFile] = []
    }

    /// Updates the files under `paths`; other files in the index are unchanged. Without paths,
    /// every path that was ever indexed is updated.
    ///
    /// A file that cannot be read or decoded is excluded and reported with its reason.
    ///
    /// - Parameters:
    ///   - paths: files and folders; a relative path names the items of its files as it was given.
    ///   - progress: receives the number of embedded items.
    ///   - isInterrupted: called between batches; if true, finished work is kept and the run ends.
    /// - Throws: `SearchError`, `SafetensorsError`.
    package func update(
        paths: [URL] = [], progress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
        isInterrupted: @Sendable () -> Bool = { false }
    ) async throws -> Report {
        let old = SearchIndex.exists(in: folder) ? try SearchIndex(opening: folder) : nil
        try old?.manifest.require(
            settings, passageLength: reader.passages.characterCountMax, in: folder)
        try old?.require(model)
        let plan = try plan(paths, old)
        let progress = ProgressCounter(report: progress)
        progress.begin("items", total: plan.waitingCount)
        var embedding = FileEmbedding(embedder, progress: progress)
        let isComplete = try await embedding.run(plan, isInterrupted: isInterrupted)
        let report = try write(plan, embedding, old)
        guard isComplete else {
            throw SearchError.interrupted(index: folder.path, items: report.items)
        }
        return report
    }

    /// Reads all files, and determines for each whether the old index has its vectors.
    private func plan(_ paths: [URL], _ old: SearchIndex?) throws -> IndexPlan {
        let earlier = old?.manifest.roots ?? []
        let roots =
            paths.isEmpty
            ? earlier : paths.map { IndexRoot(path: $0.standardizedFileURL.path) }
        var plan = IndexPlan(IndexRoots(earlier, adding: paths))
        let oldRows = old.map { Dictionary(grouping: $0.items.indices, by: $0.rowKey) } ?? [:]
        for (key, rows) in oldRows where !roots.contains(where: { $0.holds(key.path.text) }) {
            plan.files.append(.init(path: key.path.text, source: .kept(rows)))
        }
        let (here, gone) = Self.split(roots, old, isGiven: !paths.isEmpty)
        let scan = try FileScan(here.map(\.path), without: folder.path)
        plan.skipped = scan.skipped
        plan.missing = gone.map { root in
            let held = oldRows.keys.filter { root.holds($0.path.text) }
            let found = Set(scan.files.map { ExactText($0.path) })
            return MissingRoot(
                path: root.path, files: Set(held.map(\.path)).subtracting(found).count)
        }
        let rowsByHash = Dictionary(
            oldRows.map { ($0.key.hash, $0.value) }, uniquingKeysWith: { first, _ in first })
        add(scan.files, to: &plan, rowsByHash)
        let isEmpty = plan.files.allSatisfy(\.isEmpty) && plan.failed.isEmpty
        if isEmpty, old == nil { throw SearchError.nothingToIndex(paths: roots.map(\.path)) }
        return plan
    }

    /// The roots that exist, and those that are gone, whose files leave the index.
    ///
    /// - Parameter isGiven: whether the roots are the paths of this run: one of them that is gone
    ///   and has no files in the index is an error of the scan.
    private static func split(
        _ roots: [IndexRoot], _ old: SearchIndex?, isGiven: Bool
    ) -> (here: [IndexRoot], gone: [IndexRoot]) {
        let isGone = roots.map { root in
            guard !FileManager.default.fileExists(atPath: root.path) else { return false }
            return !isGiven || old?.items.contains { root.holds($0.path) } == true
        }
        let pairs = zip(roots, isGone)
        return (pairs.filter { !$1 }.map(\.0), pairs.filter { $1 }.map(\.0))
    }

    private func add(
        _ files: [FileScan.File], to plan: inout IndexPlan, _ rowsByHash: [String: [Int]]
    ) {
        var firstOfHash: [String: Int] = [:]
        for file in files {
            do {
                let hash = try reader.digest(of: file)
                let source: IndexPlan.Source
                if let rows = rowsByHash[hash] {
                    source = .kept(rows)
                } else if let first = firstOfHash[hash] {
                    source = .sameAs(first)
                } else {
                    source = .new(try reader.parts(of: file, hash: hash))
                    firstOfHash[hash] = plan.files.count
                }
                plan.files.append(.init(path: file.path, source: source))
            } catch {
                plan.failed.append(SkippedFile(path: file.path, reason: Self.reason(error)))
            }
        }
    }

    /// Writes the new index.
    private func write(
        _ plan: IndexPlan, _ embedding: FileEmbedding, _ old: SearchIndex?
    ) throws -> Report {
        let (items, vectors, copied) = try contents(plan, embedding, old)
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
        } catch {
            throw SearchError.cannotWrite(path: folder.path, reason: error.localizedDescription)
        }
        let manifest = IndexManifest(
            format: embedder.isMultiVector
                ? IndexManifest.multiVectorFormat : IndexManifest.currentFormat,
            model: model, settings: settings, passageLength: reader.passages.characterCountMax,
            vectorLength: embedder.vectorLength,
            itemCount: items.count, roots: plan.roots.list,
            generation: (old?.manifest.generation ?? 0) + 1)
        try IndexFiles.write(manifest, items: items, vectors: vectors, in: folder)
        let files = Set(items.map { ExactText($0.path) })
        return Report(
            items: items.count, files: files.count, embedded: embedding.count,
            copied: copied,
            removed: Set(old?.items.map { ExactText($0.path) } ?? []).subtracting(files).count,
            missing: plan.missing, skipped: plan.skipped,
            failed: plan.failed + embedding.failed(in: plan))
    }

    /// All items ordered by path, and their vectors in the same order.
    ///
    /// - Throws: `SearchError.damagedIndex` for a kept vector that is not finite.
    private func contents(
        _ plan: IndexPlan, _ embedding: FileEmbedding, _ old: SearchIndex?
    ) throws -> (items: [IndexItem], vectors: [ItemVectors], copied: Int) {
        var (items, vectors, copied) = ([IndexItem](), [ItemVectors](), 0)
        var names = ItemNames(plan.roots)
        let order = plan.files.indices.sorted {
            ExactText(plan.files[$0].path) < ExactText(plan.files[$1].path)
        }
        for index in order {
            let file = plan.files[index]
            let name = names.next(for: file.path)
            switch file.source {
            case .kept(let rows):
                guard let old else { continue }
                try old.requireFinite(rows)
                items += rows.map { old.items[$0].placed(at: file.path, name: name) }
                vectors.append(
                    ItemVectors(
                        values: old.vectors.values(of: rows)[...],
                        lengths: rows.map(old.vectors.vectorCount)))
            case .new(let parts):
                guard let found = embedding.vectors[index] else { continue }
                items += parts.map { $0.item.placed(at: file.path, name: name) }
                vectors.append(found)
            case .sameAs(let first):
                guard case .new(let parts) = plan.files[first].source,
                    let found = embedding.vectors[first]
                else { continue }
                items += parts.map { $0.item.placed(at: file.path, name: name) }
                copied += parts.count
                vectors.append(found)
            }
        }
        return (items, vectors, copied)
    }

    /// The description of an error, without its recovery suggestion.
    static func reason(_ error: any Error) -> String {
        (error as? any UserFacingError)?.errorDescription ?? error.localizedDescription
    }
}
