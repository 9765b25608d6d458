// Plain tables: events, recipes, counts.

import MoCaCore

/// Text in rows and columns; the first cell of a row is its name.
package struct ReportTable: ReportBlock, Hashable {
    /// The content of the cells after the first.
    package enum Cells: String, Sendable, Hashable {
        case texts = "plain"
        case numbers
    }

    package var columns: [String]
    package var rows: [[String]]
    package var cells: Cells
    /// Whether the table is collapsed at first.
    package var isFolded: Bool

    package init(
        _ columns: [String], rows: [[String]], cells: Cells = .texts, isFolded: Bool = false
    ) {
        (self.columns, self.rows) = (columns, rows)
        (self.cells, self.isFolded) = (cells, isFolded)
    }

    package func html(name: String) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"empty\">Nothing.</p>" }
        let mark: HTML = cells == .numbers ? " class=\"number\"" : ""
        let head: [HTML] = columns.enumerated().map { index, text in
            "<th scope=\"col\"\(index == 0 ? "" : mark)>\(text)</th>"
        }
        let body: [HTML] = rows.map { row in
            let line: [HTML] = row.enumerated().map { index, text in
                index == 0 ? "<th scope=\"row\">\(text)</th>" : "<td\(mark)>\(text)</td>"
            }
            return "<tr>\(line)</tr>\n"
        }
        let table: HTML = """
            <div class="scroll"><table class="\(cells.rawValue)">
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)</tbody></table></div>
            """
        guard isFolded else { return table }
        let count = NumberText.counted(rows.count, "row")
        return "<details><summary>\(count)</summary>\n\(table)</details>"
    }
}

extension ReportTable {
    package func markdown(level: Int) -> String {
        rows.isEmpty ? "Nothing." : Markdown.table(columns, rows, isNumeric: cells == .numbers)
    }
}
