// The result of an update as text.

import Foundation

extension IndexBuilder.Report {
    /// The line that `moca index` prints.
    package var summary: String {
        "\(items) items of \(files) files; embedded \(embedded), "
            + (copied == 0 ? "" : "\(copied) are copies of these, ") + "removed \(removed) files"
    }

    /// What was skipped, by reason, and what could not be embedded.
    package var notes: [String] {
        let groups = Dictionary(grouping: skipped, by: \.reason).sorted { $0.key < $1.key }
        let skipped = groups.map { reason, files in
            let names = files.prefix(3).map { URL(fileURLWithPath: $0.path).lastPathComponent }
            return "skipped \(files.count == 1 ? "1 file" : "\(files.count) files"): \(reason) "
                + "(\(names.joined(separator: ", "))\(files.count > 3 ? ", ..." : ""))"
        }
        return skipped + failed.map { "left out \($0.path): \($0.reason)" }
    }
}
