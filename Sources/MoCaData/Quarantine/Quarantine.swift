// Excluded records: those that a check has found, and those that fail in training.

package import Foundation
import MoCaCore
import MoCaSettings
package import MoCaTables
import Synchronization

/// One excluded record: a line of a quarantine file.
package struct QuarantinedRecord: Sendable, Hashable, Codable {
    /// The name of the subset, which is that of its folder.
    package var subset: String
    /// Row in the subset, from 0, over all its files in order.
    package var row: Int
    /// The file that contains the record.
    package var file: String?
    /// The reason for the exclusion.
    package var reason: String?
    /// The step in which the record failed.
    package var step: Int?

    package init(
        _ id: SampleID, file: String? = nil, reason: String? = nil, step: Int? = nil
    ) {
        (subset, row) = (id.subset, id.row)
        (self.file, self.reason, self.step) = (file, reason, step)
    }

    package var id: SampleID { SampleID(subset: subset, row: row) }

    /// The line of a quarantine file, without its line end.
    package func line() throws -> String {
        try JSONFormat.line.text(self)
    }

    /// Reads the records of a quarantine file: JSON lines `{"subset", "row", "file", "reason"}`, of
    /// which the first two identify the record.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`, `.malformedLine`.
    package static func read(_ file: URL) throws -> [QuarantinedRecord] {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw DataError.fileMissing(path: file.path)
        }
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw DataError.inputOutput(path: file.path, reason: error.localizedDescription)
        }
        let decoder = JSONDecoder()
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { number, line in
            guard !line.allSatisfy({ $0 <= 0x20 }) else { return nil }
            let record = Result { try decoder.decode(QuarantinedRecord.self, from: Data(line)) }
            guard case .success(let record) = record, record.row >= 0 else {
                throw DataError.malformedLine(
                    RecordLocation(file: file.path, place: .line(number + 1)),
                    reason: "it is no object with a 'subset' and a 'row' from 0")
            }
            return record
        }
    }
}

/// The set of excluded records, extended by those that fail, up to a maximum rate.
package final class Quarantine: Sendable {
    /// The treatment of a record that fails.
    package enum Policy: Sendable, Hashable {
        /// The error ends the stream.
        case stop
        /// The record is excluded; above this fraction of the drawn records, the stream ends.
        case skip(maxErrorRate: Double)
    }

    /// The least number of drawn records for an error rate: a smaller sample is not meaningful.
    package static let leastDrawnCount = 1000

    private struct State {
        var excluded: Set<SampleID> = []
        var failureCount = 0
        var step = 0
    }

    private let policy: Policy
    private let file: @Sendable (SampleID) -> String?
    private let write: @Sendable (QuarantinedRecord) throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - file: The file that contains a sample.
    ///   - write: Called with each record that fails, in the order of drawing.
    package init(
        _ policy: Policy, file: @escaping @Sendable (SampleID) -> String? = { _ in nil },
        write: @escaping @Sendable (QuarantinedRecord) throws -> Void = { _ in }
    ) {
        (self.policy, self.file, self.write) = (policy, file, write)
    }

    /// Excludes these records of `shapes` from drawing; records of other subsets are ignored.
    ///
    /// - Throws: `DataError.quarantinedRowMissing`.
    package func exclude(_ records: [QuarantinedRecord], of shapes: [SubsetShape]) throws {
        let rows = Dictionary(
            shapes.map { ($0.name, $0.rowCount) }, uniquingKeysWith: { first, _ in first })
        for record in records {
            guard let count = rows[record.subset] else { continue }
            guard record.row < count else {
                throw DataError.quarantinedRowMissing(record.id, rows: count)
            }
        }
        state.withLock { state in
            for record in records { state.excluded.insert(record.id) }
        }
    }

    /// Continues after `step` steps in which `records` failed.
    package func resume(_ records: [QuarantinedRecord], step: Int) {
        state.withLock { state in
            for record in records { state.excluded.insert(record.id) }
            (state.failureCount, state.step) = (records.count, step)
        }
    }

    /// Attributes later failures to the next step.
    package func beginStep() { state.withLock { $0.step += 1 } }

    /// The number of records that failed so far.
    package var failureCount: Int { state.withLock { $0.failureCount } }

    /// Whether a sample may be drawn.
    package func admits(_ id: SampleID) -> Bool {
        state.withLock { $0.excluded.isEmpty || !$0.excluded.contains(id) }
    }

    /// Excludes a sample that failed after `drawnCount` were drawn.
    ///
    /// - Throws: `error`, unless the record caused it and may be excluded; errors of `write`;
    ///   `DataError.tooManyFailures`.
    package func take(_ id: SampleID, _ error: any Error, drawnCount: Int) throws {
        guard case .skip(let maxErrorRate) = policy,
            let failure = error as? any UserFacingError, Self.isOfRecord(failure)
        else { throw error }
        let (isNew, count, step) = state.withLock { state in
            let isNew = state.excluded.insert(id).inserted
            if isNew { state.failureCount += 1 }
            return (isNew, state.failureCount, state.step)
        }
        guard isNew else { return }
        let record = QuarantinedRecord(id, file: file(id), reason: failure.oneLine, step: step)
        try write(record)
        let drawn = max(drawnCount, Self.leastDrawnCount)
        guard Double(count) <= maxErrorRate * Double(drawn) else {
            throw DataError.tooManyFailures(
                count, drawn: drawn, maxErrorRate: maxErrorRate, last: failure.oneLine)
        }
    }

    /// Whether the record caused the error: settings and a missing decoder do not count.
    private static func isOfRecord(_ error: any UserFacingError) -> Bool {
        [.badData, .inputMissing, .inputOutput].contains(error.kind)
    }
}
