// Records that are not mined: those that a check has found, and those that fail.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables
import Synchronization

/// Leaves records of one subset out; each failure is written down.
final class MiningQuarantine: Sendable {
    /// Whether a record that fails is left out, or ends the run.
    let skips: Bool
    /// Records that a file names.
    let excludedCount: Int
    private let quarantine: Quarantine
    private let log: FailureLog

    /// Records that failed, in the order of their rows.
    private final class FailureLog: Sendable {
        let records = Mutex<[QuarantinedRecord]>([])
    }

    /// - Parameter excluded: records of this subset and of others.
    /// - Throws: `DataError.quarantinedRowMissing`.
    init(
        _ excluded: [QuarantinedRecord], skips: Bool, subset: Subset,
        in catalog: Catalog<ContrastiveSample>
    ) throws {
        let log = FailureLog()
        // A share would stop a run that was told to go on.
        quarantine = Quarantine(
            skips ? .skip(maxErrorRate: .infinity) : .stop,
            file: { catalog.file(of: $0)?.path }
        ) { record in log.records.withLock { $0.append(record) } }
        try quarantine.exclude(excluded, of: [subset.shape])
        (self.skips, self.log) = (skips, log)
        excludedCount = Set(excluded.map(\.id).filter { $0.subset == subset.name }).count
    }

    /// Records that failed.
    var failures: [QuarantinedRecord] { log.records.withLock { $0 } }

    /// Whether a record is mined.
    func admits(_ id: SampleID) -> Bool { quarantine.admits(id) }

    /// Takes what `body` throws because of a record.
    ///
    /// - Throws: the error, where it is not the record's fault or ends the run.
    func taking(_ id: SampleID, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            try take(id, error)
        }
    }

    /// Takes a record that failed.
    ///
    /// - Throws: as `taking`.
    func take(_ id: SampleID, _ error: any Error) throws {
        try quarantine.take(id, error, drawnCount: 0)
    }
}
