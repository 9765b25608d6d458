// The kinds of records, and the contents of each.

package import Foundation
package import MoCaCore
import MoCaData
import MoCaTables

/// The purpose of a folder's records.
package enum RecordKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Texts with images, for pre-training.
    case pretraining
    /// Queries with a positive and hard negatives, for contrastive training.
    case contrastive
    /// Queries of MMEB with their candidates.
    case benchmark

    /// The columns that are read.
    var columns: [String] {
        switch self {
        case .pretraining: PretrainRecord.columns
        case .contrastive: ContrastiveRecord.columns
        case .benchmark: BenchmarkRecord.columns
        }
    }

    /// The columns that a file of this kind must have.
    var requiredColumns: [String] {
        switch self {
        case .pretraining: PretrainRecord.requiredColumns
        case .contrastive: ContrastiveRecord.requiredColumns
        case .benchmark: BenchmarkRecord.requiredColumns
        }
    }

    /// The kind with these columns; nil if there is none.
    init?(columns: [String]) {
        var names = Set(columns)
        // A side may have an image and no text.
        if names.contains("qry_image_path") { names.insert("qry") }
        if names.contains("pos_image_path") { names.insert("pos_text") }
        let kinds: [RecordKind] = [.contrastive, .benchmark, .pretraining]
        guard let kind = kinds.first(where: { names.isSuperset(of: $0.requiredColumns) }) else {
            return nil
        }
        self = kind
    }

    /// The kind of a folder's records, from the columns of its first file that determines it.
    ///
    /// - Throws: `DataError`, `DataCheckError.unknownColumns`.
    package init(of folder: URL) throws {
        var seen: [String] = []
        for url in try dataFiles(in: folder) {
            let columns = Self.columns(of: url)
            if let kind = RecordKind(columns: columns) {
                self = kind
                return
            }
            if seen.isEmpty { seen = columns }
        }
        throw DataCheckError.unknownColumns(folder: folder.path, columns: seen)
    }

    /// The columns of a table; for JSON lines, the known keys of the readable lines, up to the one
    /// that determines the kind. Unreadable lines are ignored here: the pass over all records
    /// reports them.
    private static func columns(of url: URL) -> [String] {
        guard case .success(let file) = Result(catching: { try openRecordFile(url) }) else {
            return []
        }
        if let names = file.columnNames { return names }
        let known = allCases.flatMap(\.columns)
        var found: [String] = []
        for block in file.blockRows.indices where RecordKind(columns: found) == nil {
            do {
                try file.forEachBatch(ofBlock: block, columns: known, batchRows: 64) { batch in
                    for index in 0..<batch.count where RecordKind(columns: found) == nil {
                        let new = keys(of: batch, index, among: known)
                        found += new.filter { !found.contains($0) }
                    }
                }
            } catch {
                continue
            }
        }
        return found
    }

    private static func keys(of batch: RowBatch, _ index: Int, among known: [String]) -> [String] {
        let keys = Result {
            let row = try batch.row(index)
            return try known.filter { try row.cell($0) != .null }
        }
        guard case .success(let found) = keys else { return [] }
        return found
    }
}

/// One content of a record.
package struct RecordPart: Sendable, Hashable {
    /// The role of the content in its record.
    package enum Side: String, Sendable, Hashable, Codable, CaseIterable {
        /// The content is the whole record.
        case text
        case query
        case positive
        case negative
    }

    package var side: Side
    package var content: Content
}

/// The contents of a record, and its findings.
struct CheckedRecord: Sendable {
    var place: RecordPlace
    var parts: [RecordPart] = []
    /// The number of negatives with neither text nor image.
    var emptyNegativeCount = 0
    var findings: [Finding] = []

    /// Reads as much of a row as possible.
    init(
        _ row: Result<Row, DataError>, kind: RecordKind, place: RecordPlace, images: ImageStore
    ) {
        self.place = place
        let id = SampleID(subset: place.subset, row: place.row ?? 0)
        do {
            let row = try row.get()
            switch kind {
            case .pretraining:
                let sample = try PretrainSample(PretrainRecord(row), id: id, images: images)
                parts = [RecordPart(side: .text, content: sample.content)]
            case .contrastive:
                let record = try ContrastiveRecord(row)
                readSides(record, id: id, images: images)
                emptyNegativeCount = Self.emptyNegatives(of: record)
            case .benchmark:
                let sample = try BenchmarkSample(BenchmarkRecord(row), id: id, images: images)
                parts = [RecordPart(side: .query, content: sample.query)]
                for (index, content) in sample.candidates.enumerated() {
                    parts.append(
                        RecordPart(side: index == 0 ? .positive : .negative, content: content))
                }
            }
        } catch {
            add(error)
        }
    }

    private mutating func add(_ error: any Error) {
        guard let error = error as? DataError else {
            findings.append(
                Finding(.unreadableRecord, at: place, error.localizedDescription))
            return
        }
        let kind = Finding.Kind(error)
        findings.append(
            Finding(
                kind, at: place, error.errorDescription ?? "\(error)",
                severity: kind == .encodingDamage ? .error : nil))
    }

    /// Reads the sides of a pair together; if that fails, each by itself, to find every error.
    private mutating func readSides(
        _ record: ContrastiveRecord, id: SampleID, images: ImageStore
    ) {
        if case .success(let sample) = Result(catching: {
            try ContrastiveSample(record, id: id, images: images)
        }) {
            parts = Self.parts(of: sample)
            return
        }
        for side in [RecordPart.Side.query, .positive, .negative] {
            do {
                let sample = try ContrastiveSample(
                    record.alone(side), id: id, images: images)
                parts += Self.parts(of: sample).filter { $0.side == side }
            } catch {
                add(error)
            }
        }
    }

    private static func parts(of sample: ContrastiveSample) -> [RecordPart] {
        [
            RecordPart(side: .query, content: sample.query),
            RecordPart(side: .positive, content: sample.positive),
        ] + sample.negatives.map { RecordPart(side: .negative, content: $0) }
    }

    /// The number of negatives that the trainer ignores; 0 for a record without negatives.
    private static func emptyNegatives(of record: ContrastiveRecord) -> Int {
        let texts = NegativeTable.elements(record.negativeText)
        let paths = NegativeTable.elements(record.negativeImagePath)
        return (0..<max(texts.count, paths.count)).count { index in
            let text = index < texts.count ? texts[index] : ""
            let path = index < paths.count ? paths[index] : ""
            return path.isEmpty
                && Placeholders.split(text, .anyKnown).allSatisfy { text in
                    text.allSatisfy(\.isWhitespace)
                }
        }
    }
}

extension ContrastiveRecord {
    /// The record with only one of its sides; valid placeholders replace the others.
    fileprivate func alone(_ side: RecordPart.Side) -> ContrastiveRecord {
        var record = self
        if side != .query { (record.query, record.queryImagePath) = ("-", nil) }
        if side != .positive { (record.positiveText, record.positiveImagePath) = ("-", nil) }
        if side != .negative { (record.negativeText, record.negativeImagePath) = (nil, nil) }
        return record
    }
}

extension Finding.Kind {
    /// The finding for an error of the data.
    init(_ error: DataError) {
        self =
            switch error {
            case .invalidText: .encodingDamage
            case .malformedLine(_, let reason)
            where reason.contains("surrogate") || reason.contains("UTF-8"):
                .encodingDamage
            case .placeholderCount: .placeholderMismatch
            case .strayImageToken: .strayImageToken
            case .emptyContent: .emptyContent
            case .imageMissing: .missingImage
            case .unreadableDataURL: .brokenImage
            case .unreadableFile, .inputOutput, .fileMissing, .unknownFormat, .columnMissing,
                .noDataFiles:
                .unreadableFile
            default: .unreadableRecord
            }
    }
}
