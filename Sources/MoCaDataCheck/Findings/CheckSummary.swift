// The outcome of a check, for people and for programs.

import Foundation
import MoCaCore
package import MoCaProcessing

/// The outcome of a check.
package struct CheckSummary: Encodable {
    /// The counts of one subset.
    package struct Subset: Sendable, Hashable, Encodable {
        package var name: String
        package var records: Int
        /// The number of records that cannot be trained on.
        package var errors: Int
    }

    /// The size of the evaluation sets that the data were compared with.
    package struct Evaluation: Sendable, Hashable, Encodable {
        package var queries: Int
        package var images: Int
    }

    package let kind: RecordKind
    package let subsets: [Subset]
    package let records: Int
    /// The number of records that cannot be trained on.
    package let errorRecords: Int
    /// The number of files that cannot be read.
    package let errorFiles: Int
    /// The number of distinct images.
    package let images: Int
    package let findings: [FindingLog.Tally]
    /// The length limit in tokens, if lengths were checked.
    package let maxLength: Int?
    package let lengthsChecked: Bool
    package let truncation: Truncated
    package let evaluation: Evaluation?
    package let nearDistance: Int
    package let maxErrorRate: Double

    private enum CodingKeys: String, CodingKey {
        case kind, subsets, records, images, findings, truncation, evaluation
        case errorRecords = "error_records"
        case errorFiles = "error_files"
        case maxLength = "max_length"
        case lengthsChecked = "lengths_checked"
        case nearDistance = "near_distance"
        case maxErrorRate = "max_error_rate"
    }

    /// The result of the pass over the records.
    struct Pass {
        var kind: RecordKind
        var subsets: [Subset]
        var imageCount: Int
        var truncated: Truncated
        var evaluation: Evaluation?
    }

    init(_ pass: Pass, _ settings: DataCheckSettings, _ log: FindingLog) {
        (kind, subsets, images) = (pass.kind, pass.subsets, pass.imageCount)
        (truncation, evaluation) = (pass.truncated, pass.evaluation)
        records = subsets.reduce(0) { $0 + $1.records }
        (errorRecords, errorFiles) = (log.errorRecordCount, log.fileErrorCount)
        findings = log.counts
        lengthsChecked = settings.meter != nil
        maxLength = settings.meter?.truncation?.maxLength
        (nearDistance, maxErrorRate) = (settings.nearDistance, settings.maxErrorRate)
    }

    /// Throws if training should not start.
    ///
    /// - Parameter isQuarantined: Whether a quarantine excludes records with errors.
    /// - Throws: `DataCheckError.errorsFound`.
    package func requireTrainable(isQuarantined: Bool) throws {
        let allowed = isQuarantined ? maxErrorRate * Double(records) : 0
        guard errorFiles == 0, Double(errorRecords) <= allowed, errorRecords < max(1, records)
        else {
            throw DataCheckError.errorsFound(
                records: errorRecords, of: records, files: errorFiles)
        }
    }

    /// A summary in lines for people.
    package var lines: [String] {
        var lines = [
            "\(NumberText.counted(records, "record")) in "
                + "\(NumberText.counted(subsets.count, "subset")), "
                + "\(NumberText.counted(images, "image")); "
                + "\(NumberText.counted(errorRecords, "record")) cannot be trained on"
        ]
        let width = subsets.map(\.name.count).max() ?? 0
        for subset in subsets {
            let errors = subset.errors == 0 ? "" : ", \(subset.errors) with errors"
            let records = NumberText.counted(subset.records, "record")
            lines.append("  \(padded(subset.name, width))  \(records)\(errors)")
        }
        if let evaluation {
            lines.append(
                "compared with \(evaluation.queries) queries and \(evaluation.images) images of "
                    + "evaluation sets")
        }
        lines.append(lengthLine)
        lines.append("")
        guard !findings.isEmpty else { return lines + ["nothing was found"] }
        lines.append(padded("finding", 26) + padded("severity", 13) + "count")
        for tally in findings {
            lines.append(
                padded(tally.kind.title, 26) + padded(tally.severity.rawValue, 13)
                    + "\(tally.count)")
        }
        for tally in findings {
            lines.append("")
            lines.append("\(tally.kind.title) (\(tally.severity.rawValue), \(tally.count)):")
            lines += tally.examples.map(Self.line)
            if tally.count > tally.examples.count {
                lines.append("  ... and \(tally.count - tally.examples.count) more")
            }
        }
        return lines
    }

    private var lengthLine: String {
        guard lengthsChecked else {
            return "lengths were not checked: they need a model or a recipe"
        }
        guard let maxLength else { return "lengths: within the model's positions" }
        guard truncation.contents > 0 else { return "lengths: none is over \(maxLength) tokens" }
        return "lengths: truncation to \(maxLength) tokens cuts \(truncation.contents) contents "
            + "(\(truncation.tokens) tokens, \(truncation.images) images)"
    }

    private static func line(_ finding: Finding) -> String {
        let row = finding.row.map { "#\($0)" } ?? ""
        let file = URL(fileURLWithPath: finding.file).lastPathComponent
        return "  \(finding.subset)\(row) (\(file)): \(finding.reason)"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
