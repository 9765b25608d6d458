// One pass over training data that finds what is wrong with them.

package import Foundation
import MoCaCore
import MoCaData
import MoCaProcessing
import MoCaSystem
import MoCaTables

/// The settings of a check: the data, and what to compare them with.
package struct DataCheckSettings: Sendable {
    /// The folders of the subsets.
    package var folders: [URL]
    /// The folder that image paths are relative to.
    package var images: URL
    /// The kind of records; nil takes it from the columns.
    package var kind: RecordKind?
    /// Counts tokens, truncating by the policy `end`; nil if lengths are not checked.
    package var meter: TokenMeter?
    /// Whether a record over the limit is refused instead of truncated.
    package var refusesLongRecords = false
    /// The budget of a pre-training record.
    package var budget: RecordBudget?
    /// Evaluation sets, and the folder that their image paths are relative to.
    package var evaluationFolders: [URL] = []
    package var evaluationImages: URL?
    /// The most bits in which difference hashes of similar images differ.
    package var nearDistance = 10
    /// The largest fraction of records with errors if a quarantine excludes them.
    package var maxErrorRate = 0.01

    package init(folders: [URL], images: URL) {
        (self.folders, self.images) = (folders, images)
    }
}

/// A check of training data.
///
///     let summary = try DataCheck(settings, tools, log: log).run()
package final class DataCheck {
    let settings: DataCheckSettings
    private let tools: CheckTools
    let log: FindingLog
    private let store: ImageStore
    /// Every distinct image of the records.
    private(set) var images = ImageTable()
    /// Contents of the evaluation sets; nil if none were named.
    private(set) var evaluation: EvaluationContents?
    /// The records of pre-training.
    private var texts = RecordTable()
    private var truncated = Truncated()
    private var subsets: [CheckSummary.Subset] = []

    package init(_ settings: DataCheckSettings, _ tools: CheckTools, log: FindingLog) {
        (self.settings, self.tools, self.log) = (settings, tools, log)
        store = ImageStore(root: settings.images)
    }

    /// Reads everything once. Findings go to the log as they arise, in the order of the records;
    /// findings between images come last.
    ///
    /// - Throws: `DataError`, `DataCheckError`.
    package func run() throws -> CheckSummary {
        let readers = try SubsetReader.all(in: settings.folders, kind: settings.kind)
        if !settings.evaluationFolders.isEmpty {
            tools.progress.begin("evaluation sets", total: nil)
            evaluation = try EvaluationContents(
                settings.evaluationFolders, images: settings.evaluationImages ?? settings.images,
                tools, log: log)
        }
        tools.progress.begin(
            "records", total: readers.reduce(0) { $0 + $1.expectedRowCount })
        for reader in readers { try check(reader) }
        let recordCount = subsets.reduce(0) { $0 + $1.records }
        guard recordCount > 0 || log.fileErrorCount > 0 else {
            throw DataCheckError.noRecords(folders: settings.folders.map(\.path))
        }
        try reportRepeatedTexts()
        try compareImages()
        try compareWithEvaluation()
        return CheckSummary(
            .init(
                kind: readers[0].kind, subsets: subsets, imageCount: images.count,
                truncated: truncated,
                evaluation: evaluation.map {
                    .init(queries: $0.queryCount, images: $0.images.count)
                }), settings, log)
    }

    // MARK: Records

    private func check(_ reader: SubsetReader) throws {
        var pairs = PairIndex()
        var files: [(firstRow: Int, path: String)] = []
        let rows = try reader.forEachBatch(
            { readings in
                if let first = readings.first, files.last?.path != first.place.file {
                    files.append((first.place.row ?? 0, first.place.file))
                }
                try check(readings, reader.kind, &pairs)
                tools.progress.add(readings.count)
            }, report: { try log.add([$0]) })
        try report(pairs) { row in
            let file = files.last { $0.firstRow <= row }?.path ?? reader.folder.path
            return RecordPlace(subset: reader.name, row: row, file: file)
        }
        subsets.append(
            .init(
                name: reader.name, records: rows,
                errors: log.errorRecordCounts[reader.name] ?? 0))
    }

    private func check(
        _ readings: [SubsetReader.Reading], _ kind: RecordKind, _ pairs: inout PairIndex
    ) throws {
        let store = store
        let records = parallelMap(readings.count, threads: tools.threads) { index in
            CheckedRecord(
                readings[index].row, kind: kind, place: readings[index].place, images: store)
        }
        let numbers = try examineImages(of: records)
        let contents = numbers.map { $0.map { $0.map { images.contents[$0] } } }
        let problems = numbers.map { $0.joined().compactMap { images.problem($0) } }
        let (meter, budget) = (settings.meter, settings.budget)
        let inspections = parallelMap(records.count, threads: tools.threads) { index in
            RecordInspection(
                records[index], contents: contents[index],
                // An image that cannot be decoded has no tokens.
                meter: problems[index].isEmpty ? meter : nil, budget: budget)
        }
        for (index, record) in records.enumerated() {
            let inspection = inspections[index]
            truncated += inspection.truncated
            let broken = Set(problems[index]).sorted { $0.reason < $1.reason }.map {
                Finding($0.kind, at: record.place, $0.reason)
            }
            let notable = numbers[index].joined().flatMap { number in
                newNotableImages.remove(number) == nil
                    ? [] : notableFindings(number, at: record.place)
            }
            try log.add(
                record.findings + broken + notable + inspection.findings.map(strict)
                    + leakedTexts(inspection, record.place))
            note(inspection, record.place, &pairs)
            // The content of an image that cannot be decoded is unknown.
            if broken.isEmpty, let text = inspection.parts.first(where: { $0.side == .text }) {
                texts.add(text.identity, at: record.place)
            }
        }
    }

    /// The indices of each record's images, by part; new images are examined.
    private func examineImages(of records: [CheckedRecord]) throws -> [[[Int]]] {
        var new: [(number: Int, source: ImageSource)] = []
        var numbers: [[[Int]]] = []
        for record in records {
            var parts: [[Int]] = []
            for part in record.parts {
                var own: [Int] = []
                for source in part.content.images {
                    let (number, isNew) = images.number(of: source, at: record.place)
                    if isNew { new.append((number, source)) }
                    own.append(number)
                }
                parts.append(own)
            }
            numbers.append(parts)
        }
        let found = new
        let examiner = tools.examiner
        let facts = parallelMap(found.count, threads: tools.threads) {
            examiner.examine(found[$0].source)
        }
        for ((number, _), facts) in zip(new, facts) {
            images.set(number, facts)
            if facts.isNotable { newNotableImages.insert(number) }
        }
        return numbers
    }

    /// Small and rotated images that no finding has reported yet; only the first record with each is
    /// reported.
    private var newNotableImages: Set<Int> = []

    private func strict(_ finding: Finding) -> Finding {
        guard finding.kind == .overLength, settings.refusesLongRecords else { return finding }
        var finding = finding
        finding.severity = .error
        return finding
    }

    // MARK: Pairs

    private func note(
        _ inspection: RecordInspection, _ place: RecordPlace, _ pairs: inout PairIndex
    ) {
        guard let row = place.row,
            let query = inspection.parts.first(where: { $0.side == .query }),
            let positive = inspection.parts.first(where: { $0.side == .positive })
        else { return }
        pairs.add(query: query.identity, positive: positive.identity, row: row)
    }

    private func report(_ pairs: PairIndex, place: (Int) -> RecordPlace) throws {
        for (row, first) in pairs.repeatedRecords() {
            try log.add([
                Finding(
                    .repeatedRecord, at: place(row), "query and positive are those of row \(first)")
            ])
        }
        for group in pairs.repeatedQueries() {
            try log.add([
                Finding(
                    .repeatedQuery, at: place(group.firstRow),
                    "its query stands in \(group.recordCount) records, with \(group.otherCount) "
                        + "different positives")
            ])
        }
        for group in pairs.repeatedPositives() {
            try log.add([
                Finding(
                    .repeatedPositive, at: place(group.firstRow),
                    "its positive stands in \(group.recordCount) records, with "
                        + "\(group.otherCount) different queries")
            ])
        }
    }

    /// Reports texts that occur several times: the model would memorise them.
    private func reportRepeatedTexts() throws {
        for repetition in texts.repetitions() {
            let first = "\(repetition.first.subset)#\(repetition.first.row ?? 0)"
            try log.add([
                Finding(
                    .repeatedRecord, at: repetition.place,
                    "text and images are those of \(first), \(repetition.count) records in all",
                    severity: .warning)
            ])
        }
    }

    // MARK: Evaluation sets

    private func leakedTexts(
        _ inspection: RecordInspection, _ place: RecordPlace
    ) -> [Finding] {
        guard let evaluation else { return [] }
        return inspection.parts.compactMap { part in
            guard part.side != .negative,
                let found = part.textKeys.lazy.compactMap({ evaluation.texts[$0] }).first
            else { return nil }
            return Finding(
                .leakedText, at: place,
                "\(part.side.rawValue) is a query of \(found.subset)#\(found.row ?? 0)")
        }
    }
}
