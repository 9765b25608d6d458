// Records mirror the files: the same fields, optional if they are optional in the file.

package import Foundation
package import MoCaCore
package import MoCaTables

/// A record that can be read from a row of a file.
package protocol Record: Sendable {
    /// The columns that are read if they exist.
    static var columns: [String] { get }
    /// The columns that a file must have.
    static var requiredColumns: [String] { get }
    /// - Throws: `DataError` that names the row.
    init(_ row: Row) throws
}

/// A record of continual pre-training: a text with placeholders and its images.
package struct PretrainRecord: Record, Equatable {
    package static let columns = ["text", "images", "source", "lang"]
    package static let requiredColumns = ["text"]

    package var location: RecordLocation
    package var text: String?
    package var images: [ImageValue]
    package var source: String?
    package var lang: String?

    package init(_ row: Row) throws {
        location = row.location
        text = try row.string("text")
        images = try row.images("images")
        source = try row.string("source")
        lang = try row.string("lang")
    }
}

/// A record of contrastive training: a query, its positive and its hard negatives.
package struct ContrastiveRecord: Record, Equatable {
    package static let columns = contentColumns + ["pos_score", "neg_score"]
    /// The columns that are embedded.
    package static let contentColumns = ContrastiveWriter.columns
    package static let requiredColumns = ["qry", "pos_text"]

    package var location: RecordLocation
    package var query: String?
    package var queryImagePath: String?
    package var positiveText: String?
    package var positiveImagePath: String?
    package var negativeText: StringOrList?
    package var negativeImagePath: StringOrList?
    /// The teacher's score of the positive.
    package var positiveScore: Double?
    /// The teacher's score of each negative, in the order of the negative columns; nil elements
    /// have no score.
    package var negativeScores: [Double?]?
    /// Images embedded in the record, by the paths that the record uses.
    package var attachments: [ExactText: Data]

    package init(_ row: Row) throws {
        location = row.location
        attachments = row.attachments
        query = try row.string("qry")
        queryImagePath = try row.string("qry_image_path")
        positiveText = try row.string("pos_text")
        positiveImagePath = try row.string("pos_image_path")
        negativeText = try row.stringOrList("neg_text")
        negativeImagePath = try row.stringOrList("neg_image_path")
        positiveScore = try row.numbers("pos_score")?.first ?? nil
        negativeScores = try row.numbers("neg_score")
    }
}

/// A record of MMEB: a query and its candidates, the first of which is correct.
package struct BenchmarkRecord: Record, Equatable {
    package static let columns = [
        "qry_text", "qry_img_path", "tgt_text", "tgt_img_path", "qry_inst",
    ]
    package static let requiredColumns = ["qry_text", "tgt_text"]

    package var location: RecordLocation
    package var queryText: String?
    package var queryImagePath: String?
    package var targetTexts: [String]?
    package var targetImagePaths: [String]?
    /// The instruction, which MMEB-V2 stores apart from the query's text and MMEB inside it.
    package var queryInstruction: String?
    /// Images embedded in the record, by the paths that the record uses.
    package var attachments: [ExactText: Data]

    package init(_ row: Row) throws {
        location = row.location
        attachments = row.attachments
        queryText = try row.string("qry_text")
        queryImagePath = try row.string("qry_img_path")
        targetTexts = try row.strings("tgt_text")
        targetImagePaths = try row.strings("tgt_img_path")
        queryInstruction = try row.string("qry_inst")
    }
}

/// A record for `moca embed`.
package struct EmbedRecord: Record, Equatable {
    /// `image` is the usual name of a single-image column in data sets of the Hub.
    package static let columns = ["id", "text", "images", "image", "instruction"]
    package static let requiredColumns: [String] = []
    /// Columns that look like part of the input, but are not read.
    package static let nearMisses: Set<String> = [
        "image_path", "image_paths", "image_url", "image_urls", "img", "img_path", "imgs",
        "picture", "pictures", "caption", "captions", "texts", "content", "sentence",
    ]

    package var location: RecordLocation
    package var id: String?
    package var text: String?
    package var images: [ImageValue]
    /// What to embed the record for, if the embedder takes an instruction.
    package var instruction: String?

    package init(_ row: Row) throws {
        location = row.location
        id = try row.identifier(["id"])
        text = try row.string("text")
        instruction = try row.string("instruction")
        let images = try row.images("images")
        self.images = images.isEmpty ? try row.images("image") : images
    }

    /// Makes a record from its fields.
    package init(
        location: RecordLocation, id: String?, text: String?, images: [ImageValue],
        instruction: String? = nil
    ) {
        self.location = location
        self.id = id
        self.text = text
        self.images = images
        self.instruction = instruction
    }
}

extension ContrastiveRecord {
    /// The query as stored in the file.
    package var querySide: PairSide {
        PairSide(text: query ?? "", imagePath: queryImagePath ?? "")
    }

    /// The positive as stored in the file.
    package var positiveSide: PairSide {
        PairSide(text: positiveText ?? "", imagePath: positiveImagePath ?? "")
    }
}
