// The contents of evaluation sets, to be found in the training data.

import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaTables

/// Query texts and all images of evaluation sets, in the layouts of MMEB and of ViDoRe.
final class EvaluationContents {
    private static let batchSize = 32

    /// Locations of text-only queries, and of their text after an instruction, by hash.
    private(set) var texts: [UInt64: RecordPlace] = [:]
    private(set) var images = ImageTable()
    /// The number of queries.
    private(set) var queryCount = 0
    private let examiner: ImageExaminer
    private let threads: Int
    private let store: ImageStore
    private let progress: ProgressCounter

    /// Reads the sets that `folders` are or contain; findings about them go to `log` as warnings.
    ///
    /// - Throws: `DataError`, `DataCheckError`.
    init(
        _ folders: [URL], images: URL, _ tools: CheckTools, log: FindingLog
    ) throws {
        examiner = tools.examiner
        (threads, progress) = (tools.threads, tools.progress)
        store = ImageStore(root: images)
        for folder in folders {
            let sets = try Self.sets(under: folder)
            guard !sets.isEmpty else {
                throw DataCheckError.noEvaluationSets(folder: folder.path)
            }
            for set in sets {
                if Self.isRetrieval(set) {
                    try readRetrieval(set, log)
                } else {
                    try readBenchmark(set, log)
                }
            }
        }
    }

    private static func isRetrieval(_ folder: URL) -> Bool {
        RetrievalLayout(of: folder).isComplete
    }

    private static func sets(under folder: URL) throws -> [URL] {
        if isRetrieval(folder) { return [folder] }
        return try subsetFolders(in: [folder]).filter { set in
            if isRetrieval(set) { return true }
            do {
                return try RecordKind(of: set) == .benchmark
            } catch DataError.noDataFiles {
                return false
            } catch DataCheckError.unknownColumns {
                return false
            }
        }
    }

    private func note(_ query: String, at place: RecordPlace) {
        queryCount += 1
        let text = NormalizedText.make(query)
        guard !text.isEmpty else { return }
        for key in [text, NormalizedText.tail(of: text)].compactMap({ $0 }) {
            let hash = ContentID(of: key).short
            if texts[hash] == nil { texts[hash] = place }
        }
    }

    // MARK: MMEB

    private func readBenchmark(_ folder: URL, _ log: FindingLog) throws {
        let reader = SubsetReader(
            name: folder.deletingPathExtension().lastPathComponent, folder: folder,
            kind: .benchmark)
        try reader.forEachBatch(
            { readings in
                for reading in readings {
                    let record = CheckedRecord(
                        reading.row, kind: .benchmark, place: reading.place, images: store)
                    try log.add(record.findings.map(\.asWarning))
                    if let query = record.parts.first?.content, query.images.isEmpty {
                        note(
                            query.segments.map(\.text).joined(separator: " "), at: record.place)
                    }
                    let sources = record.parts.flatMap(\.content.images)
                    try examine(sources.map { ($0, record.place) }, log)
                }
                progress.add(readings.count)
            }, report: { try log.add([$0.asWarning]) })
    }

    // MARK: ViDoRe

    private func readRetrieval(_ folder: URL, _ log: FindingLog) throws {
        let set = try RetrievalSet(folder: folder)
        for (row, query) in set.queries.enumerated() {
            note(
                query.text,
                at: RecordPlace(
                    subset: set.name, row: row, file: folder.appending(path: "queries").path))
        }
        var pages: [(ImageSource, RecordPlace)] = []
        var row = 0
        try set.forEachDocument { record in
            let place = RecordPlace(subset: set.name, row: row, file: record.location.file)
            pages.append((try record.page(in: set.images), place))
            row += 1
            if pages.count == Self.batchSize {
                try examine(pages, log)
                progress.add(pages.count)
                pages = []
            }
        }
        try examine(pages, log)
        progress.add(pages.count)
    }

    // MARK: Images

    private func examine(
        _ sources: [(source: ImageSource, place: RecordPlace)], _ log: FindingLog
    ) throws {
        var new: [(number: Int, source: ImageSource, place: RecordPlace)] = []
        for (source, place) in sources {
            let (number, isNew) = images.number(of: source, at: place)
            if isNew { new.append((number, source, place)) }
        }
        let found = new
        let examiner = examiner
        let facts = parallelMap(found.count, threads: threads) {
            examiner.examine(found[$0].source)
        }
        for ((number, _, place), facts) in zip(new, facts) {
            images.set(number, facts)
            if let problem = facts.problem {
                try log.add([Finding(problem.kind, at: place, problem.reason).asWarning])
            }
        }
    }
}

extension Content.Segment {
    /// The text; empty for an image.
    fileprivate var text: String {
        if case .text(let text) = self { text } else { "" }
    }
}

extension Finding {
    /// The finding as a warning, for data that are not trained on.
    fileprivate var asWarning: Finding {
        var finding = self
        if severity == .error { finding.severity = .warning }
        return finding
    }
}
