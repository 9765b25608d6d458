// The result of mining as text, and its failures as an error.

import MoCaCore

extension MiningReport {
    /// The line that `moca data mine` prints.
    package var summary: String {
        var line =
            "\(subset): \(NumberText.counted(counts.negatives, "negative")) from "
            + "\(NumberText.counted(counts.documents, "document")); of \(counts.queries) queries "
            + "\(counts.complete) have all, \(counts.fewer) fewer, \(counts.without) none"
        if !fewerBecause.isEmpty {
            let reasons = fewerBecause.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            line += " (" + reasons.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")"
        }
        if let failed { line += "; \(NumberText.counted(failed.count, "record")) failed" }
        if let positive = scores.positive, let negative = scores.negative {
            line +=
                "; mean cosine \(NumberText.decimal(positive.mean, digits: 3)) of positives, "
                + "\(NumberText.decimal(negative.mean, digits: 3)) of negatives"
        }
        return line
    }
}

extension [MiningReport] {
    /// Requires that all records could be embedded.
    ///
    /// - Parameter output: the folder of the run.
    /// - Throws: `SearchError.recordsLeftOut`.
    package func requireComplete(output: String) throws {
        let failed = reduce(0) { $0 + ($1.failed?.count ?? 0) }
        guard failed > 0 else { return }
        throw SearchError.recordsLeftOut(
            count: failed, total: failed + reduce(0) { $0 + $1.counts.records }, output: output)
    }
}
