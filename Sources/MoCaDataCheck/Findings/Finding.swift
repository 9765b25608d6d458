// Findings about data: their kind, severity and location.

/// The severity of a finding.
package enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
    /// The record cannot be trained on.
    case error
    /// The record can be trained on, but probably should not be.
    case warning
    /// The finding is worth knowing.
    case information
}

/// A defect of a record, or something worth knowing about it.
package struct Finding: Sendable, Hashable, Encodable {
    /// The kind of the finding.
    package var kind: Kind
    /// The severity of the finding.
    package var severity: Severity
    /// The name of the subset, or of an evaluation set's folder.
    package var subset: String
    /// Row in the subset, from 0, over all its files; nil for a whole file.
    package var row: Int?
    /// Path of the file.
    package var file: String
    /// A description of the finding.
    package var reason: String

    /// Makes a finding with the severity of its kind, or with another one.
    package init(
        _ kind: Kind, at place: RecordPlace, _ reason: String, severity: Severity? = nil
    ) {
        self.kind = kind
        self.severity = severity ?? kind.severity
        (subset, row, file) = (place.subset, place.row, place.file)
        self.reason = reason
    }

    /// The kinds of findings; the raw value is the name in reports.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        // Records
        case unreadableFile = "unreadable_file"
        case cutArchive = "cut_archive"
        case oddGrouping = "odd_grouping"
        case unreadableRecord = "unreadable_record"
        case emptyContent = "empty_content"
        case blankText = "blank_text"
        case placeholderMismatch = "placeholder_mismatch"
        case strayImageToken = "stray_image_token"
        case encodingDamage = "encoding_damage"
        case unknownColumn = "unknown_column"
        // Images
        case missingImage = "missing_image"
        case brokenImage = "broken_image"
        case truncatedImage = "truncated_image"
        case oversizedImage = "oversized_image"
        case elongatedImage = "elongated_image"
        case tinyImage = "tiny_image"
        case rotatedImage = "rotated_image"
        case duplicateImage = "duplicate_image"
        case nearDuplicateImage = "near_duplicate_image"
        // Lengths
        case overLength = "over_length"
        case overBudget = "over_budget"
        // Pairs
        case emptyNegative = "empty_negative"
        case negativeEqualsPositive = "negative_equals_positive"
        case repeatedRecord = "repeated_record"
        case repeatedQuery = "repeated_query"
        case repeatedPositive = "repeated_positive"
        // Evaluation sets
        case leakedText = "leaked_text"
        case leakedImage = "leaked_image"
        case leakedNearImage = "leaked_near_image"

        /// The severity of findings of this kind, unless a finding has its own.
        package var severity: Severity {
            switch self {
            case .unreadableFile, .unreadableRecord, .emptyContent, .placeholderMismatch,
                .strayImageToken, .missingImage, .brokenImage, .truncatedImage, .oversizedImage,
                .elongatedImage, .overBudget:
                .error
            case .cutArchive, .oddGrouping, .blankText, .encodingDamage, .unknownColumn, .tinyImage,
                .rotatedImage, .overLength, .emptyNegative, .negativeEqualsPositive, .leakedText,
                .leakedImage, .leakedNearImage:
                .warning
            case .duplicateImage, .nearDuplicateImage, .repeatedRecord, .repeatedQuery,
                .repeatedPositive:
                .information
            }
        }

        /// The name in a table for people.
        package var title: String { rawValue.replacing("_", with: " ") }
    }
}

/// The location of a record, as findings and quarantines name it.
package struct RecordPlace: Sendable, Hashable {
    /// Name of the subset, or of the evaluation set.
    package var subset: String
    /// Row in the subset, from 0, over all its files; nil for a whole file.
    package var row: Int?
    /// Path of the file.
    package var file: String

    package init(subset: String, row: Int?, file: String) {
        (self.subset, self.row, self.file) = (subset, row, file)
    }
}
