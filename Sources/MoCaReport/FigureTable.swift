// A table of numbers, a line a thing.

/// Things with their numbers.
package struct FigureTable: Sendable, Hashable {
    /// One thing.
    package struct Row: Sendable, Hashable {
        package var name: String
        /// One a column.
        package var cells: [String]

        package init(_ name: String, _ cells: [String]) {
            (self.name, self.cells) = (name, cells)
        }
    }

    /// What the lines are.
    package var heading: String
    package var columns: [String]
    package var rows: [Row]

    package init(_ heading: String, columns: [String], rows: [Row]) {
        (self.heading, self.columns, self.rows) = (heading, columns, rows)
    }

    var html: HTML {
        let heads: [HTML] = columns.map { "<th scope=\"col\" class=\"number\">\($0)</th>" }
        let lines: [HTML] = rows.map { row in
            let cells: [HTML] = row.cells.map { "<td class=\"number\">\($0)</td>" }
            return "<tr><th scope=\"row\">\(row.name)</th>\(cells)</tr>\n"
        }
        return """
            <div class="scroll"><table class="numbers">
            <thead><tr><th scope="col">\(heading)</th>\(heads)</tr></thead>
            <tbody>
            \(lines)</tbody></table></div>
            """
    }
}
