// Records that fail in training are left out, and written down with the step that they failed in.

import Foundation
import MoCaData

/// quarantine.jsonl of a run folder.
struct QuarantineLog: Sendable {
    /// Without what comes after `step`.
    let log: StepLog
    /// Steps that are done.
    let step: Int
}

extension Recipe.DataSettings {
    /// What takes the records of `catalog` that are left out: those of `quarantine`, those that
    /// failed before, and those that fail from here on.
    ///
    /// - Throws: `DataError`.
    func quarantine<Item>(
        over catalog: Catalog<Item>, _ log: QuarantineLog?
    ) throws -> Quarantine {
        let found = Quarantine(errorPolicy, file: { catalog.file(of: $0)?.path }) { record in
            try log?.log.append(record.line())
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
