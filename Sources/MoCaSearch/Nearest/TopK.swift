// Selects the greatest scores of many rows in bounded memory.

/// Keeps the rows with the greatest scores; among equal scores, the first.
package struct TopK: Sendable {
    /// A row and its score.
    package typealias Row = (row: Int, score: Float)

    private let count: Int
    private var rows: [Row] = []
    /// The lowest score kept, once `count` rows are; rows below it are ignored.
    private(set) var threshold = -Float.infinity

    package init(count: Int) {
        self.count = count
    }

    /// Adds a row. Rows must be added in ascending order.
    package mutating func add(_ row: Int, _ score: Float) {
        guard count > 0, rows.count < count || score > threshold else { return }
        rows.append((row, score))
        // Up to twice as many are collected before they are sorted and cut.
        if rows.count / 2 >= count { cut() }
    }

    /// The rows that are kept, best first.
    package mutating func sorted() -> [Row] {
        cut()
        return rows
    }

    /// Drops all but the best rows, and updates `threshold`.
    mutating func cut() {
        rows.sort { ($0.score, $1.row) > ($1.score, $0.row) }
        rows.removeLast(max(0, rows.count - count))
        if rows.count == count, let last = rows.last { threshold = last.score }
    }
}
