// Columns of text on a terminal.

import Foundation

/// Rows whose cells stand below each other.
enum TextTable {
    /// A line a row; all rows have as many cells as the first.
    static func lines(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }
}
