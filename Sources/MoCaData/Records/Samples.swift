// Samples are validated records: every placeholder has its image, and no content is empty.

package import MoCaCore
package import MoCaTables

/// A validated record.
package protocol Sample: Sendable {
    associatedtype Source: Record
    /// - Throws: `DataError` that names the record.
    init(_ record: Source, id: SampleID, images: ImageStore) throws
}

/// A sample of continual pre-training.
package struct PretrainSample: Sample, Hashable {
    package var id: SampleID
    package var content: Content
    /// The source of the text, as stated by the data set.
    package var source: String?
    /// The language code, as stated by the data set.
    package var language: String?

    /// Makes a sample from a record. A text without placeholders follows its images.
    ///
    /// - Throws: `DataError.placeholderCount`, `.strayImageToken`, `.emptyContent`,
    ///   `.imageMissing`, `.unreadableDataURL`.
    package init(_ record: PretrainRecord, id: SampleID, images: ImageStore) throws {
        self.id = id
        content = try Content(
            text: record.text ?? "", images: images.sources(record.images, at: record.location),
            syntax: .anyKnown, dropsPlaceholders: false, location: record.location, field: "text")
        source = record.source
        language = record.lang
    }
}

/// A sample of contrastive training.
package struct ContrastiveSample: Sample, Hashable {
    package var id: SampleID
    package var query: Content
    package var positive: Content
    /// Hard negatives; their number may differ between rows, and may be 0.
    package var negatives: [Content]
    /// The teacher's score of the positive; nil if there is none.
    package var positiveScore: Double?
    /// The teacher's score of each negative.
    package var negativeScores: [Double?]

    /// Makes a sample from a record. A text with an empty image path loses its placeholder.
    ///
    /// - Throws: `DataError.placeholderCount`, `.strayImageToken`, `.emptyContent`,
    ///   `.imageMissing`, `.listsDiffer`.
    package init(_ record: ContrastiveRecord, id: SampleID, images: ImageStore) throws {
        self.id = id
        let side = TextAndImagePath(
            location: record.location, images: images.with(record.attachments))
        query = try side.content(record.query, record.queryImagePath, field: "qry")
        positive = try side.content(
            record.positiveText, record.positiveImagePath, field: "pos_text")
        let found = try NegativeTable.entries(of: record).compactMap { entry in
            try side.negative(entry).map { (content: $0, score: entry.score) }
        }
        negatives = found.map(\.content)
        positiveScore = record.positiveScore
        negativeScores = found.map(\.score)
    }
}

/// A query of an MMEB task.
package struct BenchmarkSample: Sample, Hashable {
    package var id: SampleID
    package var query: Content
    /// The candidates, the first of which is correct.
    package var candidates: [Content]

    /// - Throws: as `ContrastiveSample`.
    package init(_ record: BenchmarkRecord, id: SampleID, images: ImageStore) throws {
        self.id = id
        let contents = try record.sides().map { try record.content(of: $0, images: images) }
        (query, candidates) = (contents[0], Array(contents.dropFirst()))
    }
}

/// A query or candidate of a benchmark before its image is read.
package struct BenchmarkSide: Sendable, Hashable {
    package let text: String
    /// The path of the image; empty if there is none.
    package let imagePath: String
    /// The name of the field in errors.
    fileprivate let field: String
}

extension BenchmarkRecord {
    /// The query, then the candidates, the first of which is correct.
    ///
    /// - Throws: `DataError.listsDiffer`, `.emptyContent`.
    package func sides() throws -> [BenchmarkSide] {
        let (texts, paths) = (targetTexts ?? [], targetImagePaths ?? [])
        guard texts.isEmpty || paths.isEmpty || texts.count == paths.count else {
            throw DataError.listsDiffer(
                location, columns: ["tgt_text", "tgt_img_path"],
                counts: [texts.count, paths.count])
        }
        let count = max(texts.count, paths.count)
        guard count > 0 else { throw DataError.emptyContent(location, field: "tgt_text") }
        let query = BenchmarkSide(
            text: queryText ?? "", imagePath: queryImagePath ?? "", field: "qry_text")
        return [query]
            + (0..<count).map { index in
                BenchmarkSide(
                    text: texts.isEmpty ? "" : texts[index],
                    imagePath: paths.isEmpty ? "" : paths[index], field: "tgt_text[\(index)]")
            }
    }

    /// The content of one of the record's sides, with its image.
    ///
    /// - Throws: as `ContrastiveSample`.
    package func content(of side: BenchmarkSide, images: ImageStore) throws -> Content {
        try TextAndImagePath(location: location, images: images.with(attachments))
            .content(side.text, side.imagePath, field: side.field)
    }
}

/// An item to embed.
package struct EmbedSample: Sendable, Hashable {
    /// The record's own id, or else its line, row or path.
    package var id: String
    package var content: Content

    /// - Throws: `DataError.placeholderCount`, `.strayImageToken`, `.emptyContent`,
    ///   `.imageMissing`, `.unreadableDataURL`.
    package init(_ record: EmbedRecord, images: ImageStore) throws {
        id = record.id ?? Self.defaultID(record.location)
        content = try Content(
            text: record.text ?? "", images: images.sources(record.images, at: record.location),
            syntax: .vision, dropsPlaceholders: false, location: record.location, field: "text")
        content.instruction = record.instruction
    }

    private static func defaultID(_ location: RecordLocation) -> String {
        switch location.place {
        case .row(let row, _): String(row)
        case .line(let line): String(line)
        case .sample(_, let key): key
        case .item: location.file
        }
    }
}

/// One side of a record: a text with at most one image; an empty path means no image.
private struct TextAndImagePath {
    var location: RecordLocation
    var images: ImageStore

    func content(_ text: String?, _ path: String?, field: String) throws -> Content {
        let path = path ?? ""
        let found = path.isEmpty ? [] : [try images.source(path, at: location)]
        return try Content(
            text: text ?? "", images: found, syntax: .anyKnown, dropsPlaceholders: true,
            location: location, field: field)
    }

    /// The content of a negative; nil if it is only a placeholder with an empty image path.
    func negative(_ entry: NegativeTable.Entry) throws -> Content? {
        if entry.imagePath.isEmpty,
            Placeholders.split(entry.text, .anyKnown).allSatisfy(\.isEmpty)
        {
            return nil
        }
        return try content(entry.text, entry.imagePath, field: "neg_text")
    }
}
