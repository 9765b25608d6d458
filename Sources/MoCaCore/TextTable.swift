// Text columns, as commands print them.

/// Rows with aligned columns.
package enum TextTable {
    /// One line for each row, without spaces at its end; all rows have the same number of cells.
    ///
    /// - Parameter alignsNumbers: whether all columns but the first are aligned at the right.
    package static func lines(_ rows: [[String]], alignsNumbers: Bool = false) -> [String] {
        guard let first = rows.first else { return [] }
        let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let cell = row[column]
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return alignsNumbers && column > 0 ? space + cell : cell + space
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
