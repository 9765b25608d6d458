// Maps the records of a quarantine file to the subset names of this run.

package import Foundation
import MoCaTables

extension Catalog {
    /// The records with the names of this catalog's subsets. A check of other folders may have
    /// named a subset differently, because a name is only as long as necessary: the record's file
    /// then identifies the subset.
    ///
    /// - Parameter leftOut: Folders that are known but not read, by name, whose records are
    ///   ignored; nil ignores those of all other folders.
    /// - Throws: `DataError.quarantinedSubsetMissing`.
    package func renamed(
        _ records: [QuarantinedRecord], leftOut: [String: URL]?
    ) throws -> [QuarantinedRecord] {
        let known = Set(subsets.map(\.name))
        guard records.contains(where: { !known.contains($0.subset) }) else { return records }
        let owners = Dictionary(
            subsets.flatMap { subset in subset.paths.map { ($0, subset.name) } },
            uniquingKeysWith: { first, _ in first })
        let others = leftOut?.values.map(\.standardizedFileURL.path) ?? []
        return try records.compactMap { record in
            guard !known.contains(record.subset) else { return record }
            let path = record.file.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
            if let path, let owner = owners[path] {
                var found = record
                found.subset = owner
                return found
            }
            guard let leftOut else { return nil }
            let isElsewhere = others.contains { $0 == path || path?.hasPrefix("\($0)/") == true }
            if isElsewhere || leftOut[record.subset] != nil { return nil }
            throw DataError.quarantinedSubsetMissing(
                record.id, file: record.file, known: subsets.map(\.name))
        }
    }
}
