// Records of a quarantine file by the names that this run's folders have.

package import Foundation
package import MoCaTables

extension Catalog {
    /// The records by the names of these subsets. A check of other folders may have called a subset
    /// otherwise, as a name is as long as it must be: the file that a record is in then says which
    /// one it is of.
    ///
    /// - Parameter leftOut: Folders that are known but not read, by name, whose records are passed
    ///   over; nil passes over those of all other folders.
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
