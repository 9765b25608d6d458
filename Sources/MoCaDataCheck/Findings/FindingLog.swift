// Findings as they come: counted, a few kept, all written to files.

package import Foundation

/// Counts findings, keeps the first of each kind, and writes the report and the quarantine.
package final class FindingLog {
    private static let exampleCount = 3

    /// Findings of one kind and severity.
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
    /// Records that cannot be trained on.
    package private(set) var errorRecordCount = 0
    /// The same by subset.
    package private(set) var errorRecordCounts: [String: Int] = [:]
    /// Errors of whole files, which no quarantine can leave out.
    package private(set) var fileErrorCount = 0
    private let report: LineFile?
    private let quarantine: LineFile?
    private var isFirstFinding = true

    /// Creates the files beside their names.
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

    /// Adds what was found in one record, or in a whole file.
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
            try report?.append((isFirstFinding ? "\n" : ",\n") + json(finding))
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
            json(
                QuarantineLine(
                    subset: first.subset, row: row, file: first.file,
                    reason: errors.map(\.reason).joined(separator: "; "))) + "\n")
    }

    /// Ends the files with the summary and gives them their names.
    ///
    /// - Throws: `DataCheckError.cannotWrite`.
    package func finish(_ summary: some Encodable) throws {
        try report?.append("\n],\n\"summary\": \(json(summary))}\n")
        try report?.finish()
        try quarantine?.finish()
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// A text file that is written beside its name: complete or absent.
final class LineFile {
    private static let bufferByteCount = 1 << 20

    private let url: URL
    private let partial: URL
    private let handle: FileHandle
    private var buffer = Data()
    private var isFinished = false

    /// - Throws: `DataCheckError.cannotWrite`.
    init(_ url: URL) throws {
        self.url = url
        partial = url.appendingPathExtension("partial")
        let opened = partial
        handle = try Self.wrapping(url) {
            try Data().write(to: opened)
            return try FileHandle(forWritingTo: opened)
        }
    }

    deinit {
        if !isFinished { unlink(partial.path) }
    }

    /// - Throws: `DataCheckError.cannotWrite`.
    func append(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    private func flush() throws {
        try Self.wrapping(url) { try handle.write(contentsOf: buffer) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// - Throws: `DataCheckError.cannotWrite`.
    func finish() throws {
        try flush()
        try Self.wrapping(url) {
            try handle.synchronize()
            try handle.close()
            guard rename(partial.path, url.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }
        isFinished = true
    }

    private static func wrapping<Value>(_ url: URL, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw DataCheckError.cannotWrite(
                path: url.path, reason: error.localizedDescription)
        }
    }
}
