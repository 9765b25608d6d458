// Distinguishes files of several splits in one folder by their names, like the Hub.

import Foundation

/// The split of a data file, by the first word of its name.
enum SplitFiles {
    /// The split that each word denotes (`datasets`, "File names and splits").
    private static let splits = [
        "train": "train", "training": "train", "validation": "validation", "valid": "validation",
        "val": "validation", "dev": "validation", "test": "test", "testing": "test",
        "eval": "test", "evaluation": "test",
    ]

    /// The split of a file; nil if its name contains none.
    private static func split(of file: URL) -> (word: String, name: String)? {
        let stem = RecordFormat.stem(of: file.lastPathComponent)
        let word = stem.prefix { $0.isLetter }
        return splits[word.lowercased()].map { (String(word), $0) }
    }

    /// The splits of the files, as spelled in their names.
    static func splits(of files: [URL]) -> [String] {
        let found = files.compactMap(split).map { ($0.name, $0.word) }
        return Dictionary(found) { first, _ in first }.values.sorted()
    }

    /// The files of the split that the last component of a path names, if the rest is a folder with
    /// files of several splits; nil if it names none.
    ///
    /// - Throws: `DataError.inputOutput`.
    static func named(by path: URL) throws -> [URL]? {
        let folder = path.deletingLastPathComponent()
        guard let wanted = splits[path.lastPathComponent.lowercased()], isFolder(folder) else {
            return nil
        }
        let files = recordFiles(among: try visibleEntries(of: folder))
            .filter { split(of: $0)?.name == wanted }
        return files.isEmpty ? nil : files
    }
}
