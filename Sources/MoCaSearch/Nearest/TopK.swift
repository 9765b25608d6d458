// The greatest scores of a long run of rows, in bounded memory.

/// Keeps the rows of the greatest scores; of equal ones, those that came first.
package struct TopK: Sendable {
    /// A row and its score.
    package typealias Row = (row: Int, score: Float)

    private let count: Int
    private var rows: [Row] = []
    /// The worst score that is kept, once there are enough; rows below it are of no use.
    private(set) var threshold = -Float.infinity

    package init(count: Int) {
        self.count = count
    }

    /// Rows come in ascending order.
    package mutating func add(_ row: Int, _ score: Float) {
        guard count > 0, rows.count < count || score > threshold else { return }
        rows.append((row, score))
        // Twice as many are gathered before they are sorted and cut.
        if rows.count / 2 >= count { cut() }
    }

    /// The best first.
    package mutating func sorted() -> [Row] {
        cut()
        return rows
    }

    /// Drops all but the best, and knows their `threshold`.
    mutating func cut() {
        rows.sort { ($0.score, $1.row) > ($1.score, $0.row) }
        rows.removeLast(max(0, rows.count - count))
        if rows.count == count, let last = rows.last { threshold = last.score }
    }
}
