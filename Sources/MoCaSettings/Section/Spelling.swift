// The known key that is closest to a misspelled one.

enum Spelling {
    /// The name that `word` most likely means; nil if none is close.
    static func closest(to word: String, among names: [String]) -> String? {
        let limit = max(1, word.count / 3)
        let ranked = names.map { (name: $0, distance: distance(Array(word), Array($0))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= limit,
            best.distance < word.count
        else { return nil }
        return best.name
    }

    /// The number of letters to add, remove, replace or swap with their neighbour.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var rows = [Array(0...other.count)]
        for i in 0..<one.count {
            var row = [i + 1]
            for j in 0..<other.count {
                var least = min(rows[i][j] + (one[i] == other[j] ? 0 : 1), row[j] + 1)
                least = min(least, rows[i][j + 1] + 1)
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
