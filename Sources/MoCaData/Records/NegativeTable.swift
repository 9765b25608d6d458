// Converts the two columns of hard negatives of a record to text and image pairs.

package import MoCaTables

/// Reads the negatives of a record: a list is used as it is, a text that is exactly a Python list
/// literal is parsed, any other text is one negative, and two empty fields are no negatives.
package enum NegativeTable {
    /// One negative as stored in the file; an absent text or path is empty.
    struct Entry: Equatable {
        var text: String
        var imagePath: String
        /// The teacher's score.
        var score: Double?
    }

    /// Pairs the two columns. A column that is empty as a whole fits any length of the other.
    ///
    /// - Throws: `DataError.listsDiffer`.
    static func entries(of record: ContrastiveRecord) throws -> [Entry] {
        let texts = elements(record.negativeText)
        let paths = elements(record.negativeImagePath)
        let count = max(texts.count, paths.count)
        guard texts.isEmpty || paths.isEmpty || texts.count == paths.count else {
            throw DataError.listsDiffer(
                record.location, columns: ["neg_text", "neg_image_path"],
                counts: [texts.count, paths.count])
        }
        let scores = record.negativeScores ?? []
        guard scores.isEmpty || scores.count == count else {
            throw DataError.listsDiffer(
                record.location, columns: ["neg_text", "neg_score"],
                counts: [count, scores.count])
        }
        return (0..<count).map { index in
            Entry(
                text: texts.isEmpty ? "" : texts[index],
                imagePath: paths.isEmpty ? "" : paths[index],
                score: scores.isEmpty ? nil : scores[index])
        }.filter { !$0.text.isEmpty || !$0.imagePath.isEmpty }
    }

    /// The elements of one column, including empty ones.
    package static func elements(_ field: StringOrList?) -> [String] {
        switch field {
        case nil, .string(""): []
        case .list(let list): list
        case .string(let text): pythonStringList(text) ?? [text]
        }
    }
}
