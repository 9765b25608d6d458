// Plain tables: events, recipes.

/// Texts in rows and columns.
package struct ReportTable: Sendable, Hashable {
    package var columns: [String]
    package var rows: [[String]]
    /// Whether the table is closed until somebody opens it.
    package var isFolded: Bool

    package init(_ columns: [String], rows: [[String]], isFolded: Bool = false) {
        (self.columns, self.rows, self.isFolded) = (columns, rows, isFolded)
    }

    var html: HTML {
        guard !rows.isEmpty else { return "<p class=\"empty\">Nothing.</p>" }
        let head: [HTML] = columns.map { "<th scope=\"col\">\($0)</th>" }
        let body: [HTML] = rows.map { row in
            let cells: [HTML] = row.enumerated().map { index, text in
                index == 0 ? "<th scope=\"row\">\(text)</th>" : "<td>\(text)</td>"
            }
            return "<tr>\(cells)</tr>\n"
        }
        let table: HTML = """
            <div class="scroll"><table class="plain">
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)</tbody></table></div>
            """
        guard isFolded else { return table }
        return "<details><summary>\(rows.count) rows</summary>\n\(table)</details>"
    }
}
