// Collects findings: counts all, keeps a few examples, writes all to files.

package import Foundation
import MoCaSettings
import MoCaSystem

/// Counts findings, keeps the first of each kind, and writes the report and the quarantine.
package final class FindingLog {
    private static let exampleCount = 3

    /// The count of one kind and severity of findings.
    package struct Tally: Sendable, Hashable, Encodable {
        package var kind: Finding.Kind
        package var severity: Severity
        package var count: Int
        package var examples: [Finding]
    }

    /// A line of the quarantine.
    private struct QuarantineLine: Encodable {
        var subset: String
        var row: Int
        var file: String
        var reason: String
    }

    private struct Key: Hashable {
        var kind: Finding.Kind
        var severity: Severity
    }

    private var tallies: [Key: Tally] = [:]
    /// The number of records that cannot be trained on.
    package private(set) var errorRecordCount = 0
    /// The number of records that cannot be trained on, by subset.
    package private(set) var errorRecordCounts: [String: Int] = [:]
    /// The number of errors of whole files, which no quarantine can exclude.
    package private(set) var fileErrorCount = 0
    private let report: LineFile?
    private let quarantine: LineFile?
    private var isFirstFinding = true

    /// Starts the files, which appear under their names when they are finished.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    package init(report: URL? = nil, quarantine: URL? = nil) throws {
        self.report = try report.map { try LineFile($0) }
        self.quarantine = try quarantine.map { try LineFile($0) }
        try self.report?.append("{\"findings\": [")
    }

    /// The counts: errors first, then in the order of the kinds.
    package var counts: [Tally] {
        Severity.allCases.flatMap { severity in
            Finding.Kind.allCases.compactMap { tallies[Key(kind: $0, severity: severity)] }
        }
    }

    /// Adds the findings of one record, or of a whole file.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    package func add(_ findings: [Finding]) throws {
        for finding in findings {
            let key = Key(kind: finding.kind, severity: finding.severity)
            var tally =
                tallies[key]
                ?? Tally(kind: finding.kind, severity: finding.severity, count: 0, examples: [])
            tally.count += 1
            if tally.examples.count < Self.exampleCount { tally.examples.append(finding) }
            tallies[key] = tally
            try report?.append((isFirstFinding ? "\n" : ",\n") + JSONFormat.line.text(finding))
            isFirstFinding = false
        }
        let errors = findings.filter { $0.severity == .error }
        guard let first = errors.first else { return }
        guard let row = first.row else {
            fileErrorCount += 1
            return
        }
        errorRecordCount += 1
        errorRecordCounts[first.subset, default: 0] += 1
        try quarantine?.append(
            JSONFormat.line.text(
                QuarantineLine(
                    subset: first.subset, row: row, file: first.file,
                    reason: errors.map(\.reason).joined(separator: "; "))) + "\n")
    }

    /// Writes the summary to the end of the report, and gives the files their names.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    package func finish(_ summary: some Encodable) throws {
        try report?.append("\n],\n\"summary\": \(JSONFormat.line.text(summary))}\n")
        try report?.finish()
        try quarantine?.finish()
    }

}

/// A text file that is complete or absent.
final class LineFile {
    private let file: AtomicFile

    /// - Throws: `DataCheckError.cannotWrite`.
    init(_ url: URL) throws {
        do {
            file = try AtomicFile(url)
        } catch {
            throw DataCheckError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// - Throws: `DataCheckError.cannotWrite`.
    func append(_ text: String) throws {
        do {
            try file.append(text)
        } catch {
            throw DataCheckError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// - Throws: `DataCheckError.cannotWrite`.
    func finish() throws {
        do {
            try file.finish()
        } catch {
            throw DataCheckError.cannotWrite(path: error.path, reason: error.reason)
        }
    }
}
