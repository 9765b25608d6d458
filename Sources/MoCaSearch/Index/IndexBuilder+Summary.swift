// The result of an update as text.

import Foundation
import MoCaCore

extension IndexBuilder.Report {
    /// The line that `moca index` prints.
    package var summary: String {
        let (items, files) = (NumberText.counted(items, "item"), NumberText.counted(files, "file"))
        let copies = copied == 1 ? "1 is a copy of these, " : "\(copied) are copies of these, "
        return "\(items) of \(files); embedded \(embedded), " + (copied == 0 ? "" : copies)
            + "removed \(NumberText.counted(removed, "file"))"
    }

    /// The indexed files and folders that are gone, and what left the index with them.
    package var warnings: [String] {
        missing.map { root in
            let lost =
                root.files == 0
                ? "nothing of it is in the index"
                : "\(NumberText.counted(root.files, "file")) of it left the index"
            return "path is missing (\(root.path)): there is no such file or folder any more, and "
                + "\(lost); index its new path, or this one again when it is back"
        }
    }

    /// What was skipped, by reason, and what could not be embedded.
    package var notes: [String] {
        let groups = Dictionary(grouping: skipped, by: \.reason).sorted { $0.key < $1.key }
        let skipped = groups.map { reason, files in
            let names = files.prefix(3).map { URL(fileURLWithPath: $0.path).lastPathComponent }
            return "skipped \(NumberText.counted(files.count, "file")): \(reason) "
                + "(\(names.joined(separator: ", "))\(files.count > 3 ? ", ..." : ""))"
        }
        return skipped + failed.map { "left out \($0.path): \($0.reason)" }
    }
}
