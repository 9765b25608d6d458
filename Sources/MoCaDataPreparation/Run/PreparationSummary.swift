// The plan and the report of a run as text.

import MoCaCore

extension PreparationPlan {
    /// The lines that `moca data prepare --plan` prints.
    package var lines: [String] {
        let rows = rows.map { row in
            [
                row.name, "\(row.files)", row.bytes.map(NumberText.byteSize) ?? "?",
                NumberText.byteSize(row.bytesToFetch), NumberText.byteSize(row.bytesToUnpack),
                row.progress.rawValue,
            ]
        }
        let titles = ["", "files", "bytes", "to fetch", "to unpack", "state"]
        return TextTable.lines([titles] + rows, alignsNumbers: true) + [
            "\(output): \(NumberText.byteSize(bytesToFetch)) to fetch; needs about "
                + "\(NumberText.byteSize(diskNeeded)) of disk, \(NumberText.byteSize(diskFree)) are "
                + "free"
        ]
    }
}

extension PreparationReport {
    /// The line that `moca data prepare` prints.
    package var summary: String {
        "\(output): \(finishedBefore + finished) of \(NumberText.counted(total, "piece")) "
            + "finished, \(finishedBefore) before; \(NumberText.counted(files, "file")) put in "
            + "place, \(entries) unpacked (\(NumberText.byteSize(unpackedBytes)))"
    }
}
