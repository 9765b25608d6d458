// An embedding job that several ranks do together.

package import Foundation
import MoCaCore

extension EmbeddingJob {
    /// Embeds this rank's share of the records; rank 0 waits for the others, writes the output from
    /// all shares, and removes them.
    ///
    /// With a shard, the ranks divide the shard, and each completes a part of its own; nobody waits.
    ///
    /// A rank always continues what an earlier one has left of the same share, so that all ranks can
    /// be started again at any time. If `resumes` is false, what was left of other records or settings
    /// is replaced.
    ///
    /// - Parameters:
    ///   - progress: called with the number of completed records, including those of other ranks.
    ///   - isInterrupted: called after each batch; if true, the run ends and can be continued.
    /// - Returns: the report of all ranks, or of rank 0's part; nil on other ranks than 0.
    /// - Throws: a `UserFacingError` that names the record and its file, `VectorError.rankFailed`,
    ///   `.rankLost`.
    package func run(
        as share: RankShare,
        progress: @escaping @Sendable (Int) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) async throws -> EmbeddingReport? {
        guard input != .standardInput else { throw VectorError.sharedStream }
        if let shard {
            let part = shard.divided(rank: share.rank, of: share.worldSize)
            let report = try await embed(part, progress, isInterrupted)
            return share.isFirst ? report : nil
        }
        let start = ContinuousClock.now
        let folders = share.folders(beside: output)
        let merge = VectorMerge(output: output)
        return try await share.run(in: folders, isInterrupted: isInterrupted) {
            try await embed(share.shard, progress, isInterrupted)
        } gather: { (own: EmbeddingReport) -> EmbeddingReport in
            let merged = try merge.merge(folders, { _, _ in }, isInterrupted)
            try merge.remove(folders)
            var report = EmbeddingReport(of: merged.parts, own: own)
            report.errors = merged.list?.path
            report.totalSeconds = (ContinuousClock.now - start).seconds
            return report
        }
    }

    /// Embeds a shard, and continues what is there if it is of the same records and settings.
    private func embed(
        _ shard: WindowShard, _ progress: @escaping @Sendable (Int) -> Void,
        _ isInterrupted: @escaping @Sendable () -> Bool
    ) async throws -> EmbeddingReport {
        var job = self
        job.shard = shard
        job.resumes = true
        do {
            return try await job.run(progress: progress, isInterrupted: isInterrupted)
        } catch let error as VectorError where !resumes && error.isOfOtherRun {
            job.resumes = false
            return try await job.run(progress: progress, isInterrupted: isInterrupted)
        }
    }
}

extension VectorError {
    /// Whether what an earlier run left cannot be continued.
    fileprivate var isOfOtherRun: Bool {
        switch self {
        case .otherSettings, .otherRecords, .damagedProgress: true
        default: false
        }
    }
}

extension EmbeddingReport {
    /// The report of all parts: counts and seconds are sums, memory is the largest of a process.
    ///
    /// - Parameter own: the report of this process, with the notes about the input.
    fileprivate init(of parts: MergedParts, own: EmbeddingReport) {
        self = own
        let reports = parts.completions.map(\.report)
        func sum(_ value: KeyPath<EmbeddingReport, Int>) -> Int {
            reports.reduce(0) { $0 + $1[keyPath: value] }
        }
        (items, records) = (parts.embeddedCount, parts.recordCount)
        (textTokens, imageTokens) = (sum(\.textTokens), sum(\.imageTokens))
        (droppedTokens, droppedImages) = (sum(\.droppedTokens), sum(\.droppedImages))
        resumedRecords = sum(\.resumedRecords)
        preprocessSeconds = reports.reduce(0) { $0 + $1.preprocessSeconds }
        computeSeconds = reports.reduce(0) { $0 + $1.computeSeconds }
        peakResidentBytes = reports.map(\.peakResidentBytes).max() ?? peakResidentBytes
        notes += parts.notes
    }
}
