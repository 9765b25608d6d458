// Subsets of pairs to the same pairs with hard negatives, found by an embedder.

package import Foundation
import MoCaCore
package import MoCaData
package import MoCaEmbedding
package import MoCaTables
package import MoCaVectors
package import Torch

/// Mines subsets, one after the other. Negatives of a query are positives of other queries of its
/// subset; never one of its own, in whichever of its rows, nor a copy of one.
///
///     var miner = NegativeMiner(embedder: embedder, model: identity, output: folder)
///     for report in try await miner.mine([pairs], images: pictures) { ... }
package struct NegativeMiner: Sendable {
    /// Its vectors must have unit length, so that scores are cosines.
    package var embedder: Embedder
    package var model: ModelIdentity
    /// Where a folder for each subset goes.
    package var output: URL
    /// Where vectors are kept between runs, in a folder for each model and setting.
    package var vectors: URL
    package var settings = MiningSettings()
    /// Records that are not mined, such as those that `moca data check` has found.
    package var quarantine: [QuarantinedRecord] = []
    /// Whether a record that cannot be embedded is left out, or ends the run.
    package var badRecords = BadRecordPolicy.stop
    /// Where scores are computed.
    package var device = Device.cpu
    /// Whether subsets that an earlier run finished are left as they are.
    package var resumes = false
    /// Told what happens.
    package var tell: @Sendable (Event) -> Void = { _ in }
    /// Asked between batches; true ends the run so that it can be continued.
    package var isInterrupted: @Sendable () -> Bool = { false }

    /// What is told while subsets are mined.
    package enum Event: Sendable {
        /// A subset begins; its records are embedded.
        case started(subset: String, records: Int)
        /// This many more records are embedded.
        case embedded(records: Int)
        /// A subset is mined, or was by an earlier run.
        case finished(MiningReport, wasThere: Bool)
    }

    package init(embedder: Embedder, model: ModelIdentity, output: URL, vectors: URL) {
        (self.embedder, self.model) = (embedder, model)
        (self.output, self.vectors) = (output, vectors)
    }

    /// Mines the subsets of folders, and writes each into a folder of its name.
    ///
    /// - Parameter images: what image paths in records are relative to.
    /// - Throws: `SearchError`, `SearchError`, `DataError`, `VectorError`.
    package func mine(_ folders: [URL], images: URL) async throws -> [MiningReport] {
        try settings.check()
        let folders = try subsetFolders(in: folders)
        let catalog = try Catalog<ContrastiveSample>(
            folders: folders, images: ImageStore(root: images))
        if let subset = catalog.subsets.first(where: \.hasShards) {
            throw SearchError.shardedSubset(name: subset.name)
        }
        let excluded = try catalog.renamed(quarantine, leftOut: nil)
        let jobs = zip(catalog.subsets, folders).map { subset, source in
            Job(subset: subset, source: source, folder: folder(of: subset))
        }
        // Refused before anything is computed.
        if !resumes, let job = jobs.first(where: { $0.folder.exists }) {
            throw SearchError.outputExists(folder: job.folder.url.path)
        }
        let cache = try VectorCache(
            in: vectors, of: embedder.conditions(model: model.fingerprint))
        var cached = CachedEmbedder(
            embedder, cache, reuse: .sameInput, progress: { _ in },
            willEmbed: { [self] in try goOn(kept: $0) })
        var reports: [MiningReport] = []
        for job in jobs {
            let (report, wasThere) = try await mine(job, catalog, excluded, &cached)
            tell(.finished(report, wasThere: wasThere))
            reports.append(report)
        }
        return reports
    }

    /// A subset and where it goes.
    private struct Job {
        let subset: Subset
        let source: URL
        let folder: MinedFolder
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
        _ job: Job, _ catalog: Catalog<ContrastiveSample>, _ excluded: [QuarantinedRecord],
        _ cached: inout CachedEmbedder
    ) async throws -> (report: MiningReport, wasThere: Bool) {
        var report = MiningReport(
            subset: job.subset.name, source: job.source.standardizedFileURL.path, model: model,
            settings: settings, rangeEnd: 0)
        let filter = try MiningQuarantine(
            excluded, skips: badRecords == .skip, subset: job.subset, in: catalog)
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
        let table = try await MiningPairs(job.subset, in: catalog, filter, embedder: &cached) {
            tell(.embedded(records: $0))
        }
        guard !table.rows.isEmpty else { throw SearchError.emptySubset(name: job.subset.name) }
        if !filter.failures.isEmpty { report.failed = filter.failures }
        let search = ExactSearch(
            matrix: try cached.cache.matrix(), documents: table.documentRows, device: device)
        let kept = cached.cache.count
        let run = try SubsetMining(table, search, &report) { try goOn(kept: kept) }
        try job.folder.write(report) { writer in
            for (pair, row) in table.rows.enumerated() {
                let record = try catalog.record(
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
}
