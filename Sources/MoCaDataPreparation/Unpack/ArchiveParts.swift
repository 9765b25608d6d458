// Groups the parts of an archive: NAME.part-00, NAME.part_aa, NAME.part1, NAME.001.

import Foundation

/// A file, or the ordered parts of a split archive.
struct ArchiveParts: Hashable {
    /// The archive's name, without the suffix of a part.
    let name: String
    let files: [ListedFile]

    /// Groups files by archive, sorted by name.
    ///
    /// - Throws: `PreparationError.missingPart` if the first part, or one before the last, is
    ///   missing.
    static func groups(of files: [ListedFile]) throws -> [ArchiveParts] {
        var parts: [String: [(suffix: String, file: ListedFile)]] = [:]
        var whole: [ArchiveParts] = []
        for file in files {
            if let (name, suffix) = split(file.path) {
                parts[name, default: []].append((suffix, file))
            } else {
                whole.append(ArchiveParts(name: file.path, files: [file]))
            }
        }
        for (name, list) in parts {
            // A longer suffix is later: part9, part10.
            let sorted = list.sorted {
                ($0.suffix.count, $0.suffix) < ($1.suffix.count, $1.suffix)
            }
            try check(name, sorted.map(\.suffix), example: sorted[0].file.path)
            whole.append(ArchiveParts(name: name, files: sorted.map(\.file)))
        }
        return whole.sorted { $0.name < $1.name }
    }

    /// The archive's name and the part's digits or letters; nil for a file that is not a part.
    private static func split(_ path: String) -> (name: String, suffix: String)? {
        // Longer suffixes are words or dates, or overflow an integer.
        if let match = path.wholeMatch(of: /(.+)\.part[-_.]?([0-9]{1,9}|[a-z]{2,6})/) {
            return (String(match.1), String(match.2))
        }
        if let match = path.wholeMatch(of: /(.+)\.([0-9]{3})/) {
            return (String(match.1), String(match.2))
        }
        return nil
    }

    private static func check(_ name: String, _ suffixes: [String], example: String) throws {
        let numbers = suffixes.map(number)
        let first = suffixes[0].allSatisfy(\.isNumber) && numbers[0] == 1 ? 1 : 0
        for (index, found) in numbers.enumerated() where found != first + index {
            let missing = text(first + index, like: suffixes[0])
            let stem = example.dropLast(suffixes[0].count)
            throw PreparationError.missingPart(archive: name, part: stem + missing)
        }
    }

    /// The index of a part: `aa` is 0, `ab` is 1, `ba` is 26.
    private static func number(_ suffix: String) -> Int {
        if let number = Int(suffix) { return number }
        return suffix.utf8.reduce(0) { $0 * 26 + Int($1) - 97 }
    }

    private static func text(_ number: Int, like suffix: String) -> String {
        if suffix.allSatisfy(\.isNumber) {
            let digits = String(number)
            return String(repeating: "0", count: max(0, suffix.count - digits.count)) + digits
        }
        var (rest, letters) = (number, "")
        for _ in 0..<suffix.count {
            letters = String(UnicodeScalar(UInt8(97 + rest % 26))) + letters
            rest /= 26
        }
        return letters
    }
}
