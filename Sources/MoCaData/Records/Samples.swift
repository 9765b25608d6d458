// Samples are records made sound: every placeholder has its image, and nothing is empty.

package import MoCaCore
package import MoCaTables

/// What a sample is made from a record with.
package protocol Sample: Sendable {
    associatedtype Source: Record
    /// - Throws: `DataError` that names the record.
    init(_ record: Source, id: SampleID, images: ImageStore) throws
}

/// One sample of continual pre-training.
package struct PretrainSample: Sample, Hashable {
    package var id: SampleID
    package var content: Content
    /// Where the text comes from, as the data set says.
    package var source: String?
    /// Language code, as the data set says.
    package var language: String?

    /// A text without placeholders follows its images.
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

/// One sample of contrastive training.
package struct ContrastiveSample: Sample, Hashable {
    package var id: SampleID
    package var query: Content
    package var positive: Content
    /// Hard negatives; rows may have different counts, and none.
    package var negatives: [Content]
    /// What a teacher scores the positive; nil where it does not.
    package var positiveScore: Double?
    /// What a teacher scores each negative.
    package var negativeScores: [Double?]

    /// A text whose image path is empty loses its placeholder.
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

/// One query of an MMEB task.
package struct BenchmarkSample: Sample, Hashable {
    package var id: SampleID
    package var query: Content
    /// The candidates; the first one is right.
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
    /// Empty where there is no image.
    package let imagePath: String
    /// What errors call it.
    fileprivate let field: String
}

extension BenchmarkRecord {
    /// The query, then the candidates, the first of which is right.
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

    /// One of the record's sides, with its image.
    ///
    /// - Throws: as `ContrastiveSample`.
    package func content(of side: BenchmarkSide, images: ImageStore) throws -> Content {
        try TextAndImagePath(location: location, images: images.with(attachments))
            .content(side.text, side.imagePath, field: side.field)
    }
}

/// One thing to embed.
package struct EmbedSample: Sendable, Hashable {
    /// The record's own id, else its line, row or path.
    package var id: String
    package var content: Content

    /// - Throws: `DataError.placeholderCount`, `.strayImageToken`, `.emptyContent`,
    ///   `.imageMissing`, `.unreadableDataURL`.
    package init(_ record: EmbedRecord, images: ImageStore) throws {
        id = record.id ?? Self.defaultID(record.location)
        content = try Content(
            text: record.text ?? "", images: images.sources(record.images, at: record.location),
            syntax: .vision, dropsPlaceholders: false, location: record.location, field: "text")
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

/// One side of a record: a text with at most one image, whose empty path means none.
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

    /// A negative that is only a placeholder and has an empty image path is left out.
    func negative(_ entry: NegativeTable.Entry) throws -> Content? {
        if entry.imagePath.isEmpty,
            Placeholders.split(entry.text, .anyKnown).allSatisfy(\.isEmpty)
        {
            return nil
        }
        return try content(entry.text, entry.imagePath, field: "neg_text")
    }
}
