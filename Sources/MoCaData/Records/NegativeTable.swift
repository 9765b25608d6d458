// The two columns of hard negatives of one record become a list of text and image pairs.

package import MoCaTables

/// Reads the negatives of a record: a list is a list, a text that strictly is a Python list
/// literal is that list, any other text is one negative, and two empty fields are none.
package enum NegativeTable {
    /// One negative as the file holds it; an empty part is absent.
    struct Entry: Equatable {
        var text: String
        var imagePath: String
        /// What a teacher scores it.
        var score: Double?
    }

    /// Pairs the two columns. A column that is empty as a whole goes with any number of the other.
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

    /// The elements of one column, empty ones included.
    package static func elements(_ field: StringOrList?) -> [String] {
        switch field {
        case nil, .string(""): []
        case .list(let list): list
        case .string(let text): pythonStringList(text) ?? [text]
        }
    }
}
