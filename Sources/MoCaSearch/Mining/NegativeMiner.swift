// Adds hard negatives, found by an embedder, to subsets of pairs.

package import Foundation
package import MoCaCore
package import MoCaData
package import MoCaEmbedding
import MoCaSystem
package import MoCaTables
package import MoCaVectors
package import Torch

/// Mines subsets one by one. Negatives of a query are positives of other queries of its subset,
/// never one of its own positives in any of its rows, nor a copy of one.
///
///     var miner = NegativeMiner(embedder: embedder, model: identity, output: folder)
///     for report in try await miner.mine([pairs], images: pictures) { ... }
package struct NegativeMiner: Sendable {
    /// The embedder, whose vectors must have unit length so that scores are cosines.
    package var embedder: Embedder
    package var model: ModelIdentity
    /// The folder in which each subset gets a folder.
    package var output: URL
    /// The folder that caches vectors between runs, with a subfolder for each model and settings;
    /// nil caches them in the output until the run is complete.
    package var vectors: URL?
    package var settings = MiningSettings()
    /// Records to exclude, such as those found by `moca data check`.
    package var quarantine: [QuarantinedRecord] = []
    /// Whether a record that cannot be embedded is skipped or ends the run.
    package var badRecords = BadRecordPolicy.stop
    /// The device that computes scores.
    package var device = Device.cpu
    /// Whether subsets completed by an earlier run are kept.
    package var resumes = false
    /// Called on each event.
    package var tell: @Sendable (Event) -> Void = { _ in }
    /// Called between batches; if true, the run ends and can be continued.
    package var isInterrupted: @Sendable () -> Bool = { false }

    /// A progress event of mining.
    package enum Event: Sendable {
        /// A subset started; its records are being embedded.
        case started(subset: String, records: Int)
        /// The number of records of the subset that were embedded.
        case progressed(WorkProgress)
        /// A subset was mined in this run or an earlier one.
        case finished(MiningReport, wasThere: Bool)
    }

    package init(embedder: Embedder, model: ModelIdentity, output: URL, vectors: URL? = nil) {
        (self.embedder, self.model) = (embedder, model)
        (self.output, self.vectors) = (output, vectors)
    }

    /// Mines the subsets in folders, and writes each to a folder named after it.
    ///
    /// - Parameter images: the root of relative image paths in records.
    /// - Throws: `SearchError`, `DataError`, `VectorError`.
    package func mine(_ folders: [URL], images: URL) async throws -> [MiningReport] {
        let plan = try plan(folders, images: images)
        try requireNewFolders(plan)
        let cache = try VectorStore(
            cacheIn: vectors ?? scratch, of: embedder.conditions(model: model.fingerprint))
        var cached = cachedEmbedder(cache)
        var reports: [MiningReport] = []
        for job in plan.jobs {
            let (report, wasThere) = try await mine(job, plan, &cached)
            tell(.finished(report, wasThere: wasThere))
            reports.append(report)
        }
        if vectors == nil { try removeScratch() }
        return reports
    }

    /// The folder of vectors that are needed until the run is complete.
    var scratch: URL { output.appending(path: ".vectors", directoryHint: .isDirectory) }

    private func removeScratch() throws {
        do {
            try FileSystem.remove(scratch)
        } catch {
            throw SearchError.cannotWriteMined(path: error.path, reason: error.reason)
        }
    }

    /// A subset and its output folder.
    struct Job {
        let subset: Subset
        let source: URL
        let folder: MinedFolder
    }

    /// What a run will mine.
    struct Plan {
        let catalog: Catalog<ContrastiveSample>
        let jobs: [Job]
        /// The records to exclude.
        let excluded: [QuarantinedRecord]
    }

    /// The subsets in folders, with nothing mined yet.
    ///
    /// - Throws: `SearchError`, `DataError`.
    func plan(_ folders: [URL], images: URL) throws -> Plan {
        try settings.check()
        let folders = try subsetFolders(in: folders)
        let catalog = try Catalog<ContrastiveSample>(
            folders: folders, images: ImageStore(root: images))
        if let subset = catalog.subsets.first(where: \.hasShards) {
            throw SearchError.shardedSubset(name: subset.name)
        }
        let jobs = zip(catalog.subsets, folders).map { subset, source in
            Job(subset: subset, source: source, folder: folder(of: subset))
        }
        return Plan(
            catalog: catalog, jobs: jobs, excluded: try catalog.renamed(quarantine, leftOut: nil))
    }

    /// Rejects outputs of an earlier run before anything is computed, unless it is to be continued.
    ///
    /// - Throws: `SearchError.outputExists`.
    func requireNewFolders(_ plan: Plan) throws {
        if !resumes, let job = plan.jobs.first(where: { $0.folder.exists }) {
            throw SearchError.outputExists(folder: job.folder.url.path)
        }
    }

    /// The embedder of all subsets, which finds cached vectors in `cache`.
    func cachedEmbedder(_ cache: VectorStore) -> CachedEmbedder {
        CachedEmbedder(
            embedder, cache, reuse: .sameInput,
            willEmbed: { [self] in try goOn(kept: $0) })
    }

    private func folder(of subset: Subset) -> MinedFolder {
        MinedFolder(output.appending(path: subset.name.replacing("/", with: "-")))
    }

    private func goOn(kept: Int) throws {
        guard !isInterrupted() else {
            throw SearchError.miningInterrupted(output: output.path, kept: kept)
        }
    }

    private func mine(
        _ job: Job, _ plan: Plan, _ cached: inout CachedEmbedder
    ) async throws -> (report: MiningReport, wasThere: Bool) {
        var report = MiningReport(
            subset: job.subset.name, source: job.source.standardizedFileURL.path, model: model,
            settings: settings, rangeEnd: 0)
        let filter = try filter(job, plan)
        if filter.excludedCount > 0 { report.counts.quarantined = filter.excludedCount }
        if job.folder.exists {
            let old = try MiningReport(in: job.folder.url)
            try old.require(report, records: job.subset.rowCount, in: job.folder.url)
            return (old, true)
        }
        guard job.subset.rowCount > 0 else {
            throw SearchError.emptySubset(name: job.subset.name)
        }
        tell(.started(subset: job.subset.name, records: job.subset.rowCount))
        let table = try await embed(job, plan, filter, &cached)
        guard !table.rows.isEmpty else { throw SearchError.emptySubset(name: job.subset.name) }
        if !filter.failures.isEmpty { report.failed = filter.failures }
        let search = ExactSearch(
            matrix: try cached.cache.matrix(), documents: table.documentRows, device: device)
        let kept = cached.cache.count
        let run = try SubsetMining(table, search, &report) { try goOn(kept: kept) }
        try job.folder.write(report) { writer in
            for (pair, row) in table.rows.enumerated() {
                let record = try plan.catalog.record(
                    SampleID(subset: job.subset.name, row: row))
                try writer.append(
                    query: record.querySide, positive: record.positiveSide,
                    negatives: run.negatives(ofQuery: Int(table.queries[pair])).map {
                        table.sides[$0]
                    })
            }
        }
        return (report, false)
    }

    /// The records of a subset that are not mined.
    func filter(_ job: Job, _ plan: Plan) throws -> MiningQuarantine {
        try MiningQuarantine(
            plan.excluded, skips: badRecords == .skip, subset: job.subset, in: plan.catalog)
    }

    /// Embeds the queries and positives of a subset.
    func embed(
        _ job: Job, _ plan: Plan, _ filter: MiningQuarantine, _ cached: inout CachedEmbedder
    ) async throws -> MiningPairs {
        let progress = ProgressCounter { tell(.progressed($0)) }
        progress.begin("records of \(job.subset.name)", total: job.subset.rowCount)
        return try await MiningPairs(
            job.subset, in: plan.catalog, filter, embedder: &cached, progress: progress)
    }
}
