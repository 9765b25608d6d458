// Records excluded from mining: those found by a check, and those that fail.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables
import Synchronization

/// Excludes records of one subset, and logs each failure.
final class MiningQuarantine: Sendable {
    /// Whether a failing record is skipped or ends the run.
    let skips: Bool
    /// The number of records excluded by a quarantine file.
    let excludedCount: Int
    private let quarantine: Quarantine
    private let log: FailureLog

    /// The records that failed, in row order.
    private final class FailureLog: Sendable {
        let records = Mutex<[QuarantinedRecord]>([])
    }

    /// - Parameter excluded: records to exclude, of this subset and others.
    /// - Throws: `DataError.quarantinedRowMissing`.
    init(
        _ excluded: [QuarantinedRecord], skips: Bool, subset: Subset,
        in catalog: Catalog<ContrastiveSample>
    ) throws {
        let log = FailureLog()
        // A maximum error rate would end a run that is set to skip.
        quarantine = Quarantine(
            skips ? .skip(maxErrorRate: .infinity) : .stop,
            file: { catalog.file(of: $0)?.path }
        ) { record in log.records.withLock { $0.append(record) } }
        try quarantine.exclude(excluded, of: [subset.shape])
        (self.skips, self.log) = (skips, log)
        excludedCount = Set(excluded.map(\.id).filter { $0.subset == subset.name }).count
    }

    /// The records that failed.
    var failures: [QuarantinedRecord] { log.records.withLock { $0 } }

    /// Whether a record is mined.
    func admits(_ id: SampleID) -> Bool { quarantine.admits(id) }

    /// Runs `body`, and excludes the record if `body` fails because of it.
    ///
    /// - Throws: the error, if the record did not cause it or it ends the run.
    func taking(_ id: SampleID, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            try take(id, error)
        }
    }

    /// Excludes a record that failed, and logs it.
    ///
    /// - Throws: the same errors as `taking`.
    func take(_ id: SampleID, _ error: any Error) throws {
        try quarantine.take(id, error, drawnCount: 0)
    }
}
