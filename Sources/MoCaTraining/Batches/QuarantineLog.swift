// Records that fail in training are left out and logged with the step in which they failed.

import Foundation
import MoCaData

/// The log `quarantine.jsonl` of a run folder.
struct QuarantineLog: Sendable {
    /// The log, without lines after `step`.
    let log: StepLog
    /// The number of finished steps.
    let step: Int
    /// Whether this process appends to the log: of several, all find the same records before they
    /// decode, and the first one writes them.
    let isActive: Bool
}

extension Recipe.DataSettings {
    /// Returns the quarantine for `catalog`: the records of the file `quarantine`, those that
    /// failed earlier in the run, and those that will fail.
    ///
    /// - Throws: `DataError`.
    func quarantine<Item>(
        over catalog: Catalog<Item>, _ log: QuarantineLog?
    ) throws -> Quarantine {
        let found = Quarantine(errorPolicy, file: { catalog.file(of: $0)?.path }) { record in
            if let log, log.isActive { try log.log.append(record.line()) }
        }
        if let quarantine {
            let records = try catalog.renamed(
                QuarantinedRecord.read(quarantine), leftOut: leftOutFolders())
            try found.exclude(records, of: catalog.shapes)
        }
        if let log { found.resume(try log.log.rows(QuarantinedRecord.self), step: log.step) }
        return found
    }
}
