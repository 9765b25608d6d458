// Scores of several sets and models, with chance and 95 % intervals.

/// A table of scores between 0 and 1, shown in per cent.
package struct ScoreTable: ReportBlock, Hashable {
    /// One model's score on one set.
    package struct Cell: Sendable, Hashable {
        package var value: Double
        /// The 95 % interval, if known.
        package var interval: ClosedRange<Double>?
        /// A remark, such as why `value` is missing (not finite); empty for none.
        package var note: String

        package init(_ value: Double, interval: ClosedRange<Double>? = nil, note: String = "") {
            (self.value, self.interval, self.note) = (value, interval, note)
        }
    }

    /// The scores of all models on one set.
    package struct Row: Sendable, Hashable {
        package var name: String
        /// The name of the measure, such as `nDCG@5`.
        package var metric: String
        package var queryCount: Int?
        /// A remark, such as a source; empty for none.
        package var note = ""
        /// The score of random guessing.
        package var chance: Double?
        /// One cell for each column; nil where a model was not scored.
        package var cells: [Cell?]

        package init(
            _ name: String, metric: String, queryCount: Int? = nil, chance: Double? = nil,
            cells: [Cell?]
        ) {
            self.name = name
            self.metric = metric
            self.queryCount = queryCount
            self.chance = chance
            self.cells = cells
        }
    }

    /// A group of sets with a common heading.
    package struct Group: Sendable, Hashable {
        package var name: String
        package var rows: [Row]

        package init(_ name: String, rows: [Row]) {
            self.name = name
            self.rows = rows
        }
    }

    /// The names of the models.
    package var columns: [String]
    package var groups: [Group]

    package init(columns: [String], groups: [Group]) {
        self.columns = columns
        self.groups = groups
    }

    package func html(name: String) -> HTML {
        let heads: [HTML] = columns.map { "<th scope=\"col\" class=\"score\">\($0)</th>" }
        return """
            <div class="scroll"><table class="scores">
            <caption>Per cent. Under each score, its 95 % interval; in the bar, \
            <span class="key dot"></span> the score, <span class="key band"></span> the interval, \
            <span class="key tick"></span> chance. \
            <span class="up" aria-hidden="true">&#9650;</span> marks a score whose whole interval \
            lies above chance.</caption>
            <thead><tr><th scope="col">Set</th><th scope="col" class="number">Chance</th>\
            \(heads)</tr></thead>
            \(groups.map(body))</table></div>
            """
    }

    private func body(_ group: Group) -> HTML {
        let heading: HTML = """
            <tr class="group"><th scope="rowgroup" colspan="\(columns.count + 2)">\
            \(group.name)</th></tr>

            """
        return "<tbody>\n\(group.name.isEmpty ? nil : heading)\(group.rows.map(line))</tbody>\n"
    }

    private func line(_ row: Row) -> HTML {
        let queries = row.queryCount.map { " · \($0) \($0 == 1 ? "query" : "queries")" } ?? ""
        let chance = row.chance.map { percent($0) } ?? "–"
        let note: HTML? = row.note.isEmpty ? nil : "<small>\(row.note)</small>"
        let cells = columns.indices.map { index in
            cell(index < row.cells.count ? row.cells[index] : nil, chance: row.chance)
        }
        return """
            <tr><th scope="row">\(row.name)<small>\(row.metric)\(queries)</small>\(note)</th>\
            <td class="number">\(chance)</td>\(cells)</tr>

            """
    }

    private func cell(_ cell: Cell?, chance: Double?) -> HTML {
        guard let cell, cell.value.isFinite else {
            let note: HTML? =
                (cell?.note ?? "").isEmpty ? nil : "<small>\(cell?.note ?? "")</small>"
            return """
                <td class="score none"><span aria-hidden="true">–</span>\
                <span class="hidden">not scored</span>\(note)</td>
                """
        }
        let isAbove =
            if let chance, let lower = cell.interval?.lowerBound { lower > chance } else {
                false
            }
        let mark: HTML = """
             <span class="up" aria-hidden="true">&#9650;</span>\
            <span class="hidden"> above chance</span>
            """
        let range: HTML? = cell.interval.map {
            "<small>\(percent($0.lowerBound)) to \(percent($0.upperBound))</small>"
        }
        let note: HTML? = cell.note.isEmpty ? nil : "<small>\(cell.note)</small>"
        return """
            <td class="score"><span class="value">\(percent(cell.value))\(isAbove ? mark : nil)\
            </span>\(range)\(note)\(meter(cell, chance: chance))</td>
            """
    }

    /// A bar from 0 to 1 with the interval, the score, and chance.
    private func meter(_ cell: Cell, chance: Double?) -> HTML {
        let place = { (value: Double) in (100 * min(max(value, 0), 1)).fixed(2) }
        let band: HTML? = cell.interval.map { interval in
            let width = min(max(interval.upperBound, 0), 1) - min(max(interval.lowerBound, 0), 1)
            return """
                <rect class="band" x="\(place(interval.lowerBound))" y="1" \
                width="\((100 * width).fixed(2))" height="6" rx="1" />
                """
        }
        let tick: HTML? = chance.map {
            "<line class=\"tick\" x1=\"\(place($0))\" x2=\"\(place($0))\" y1=\"0\" y2=\"8\" />"
        }
        return """
            <svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="track" x="0" y="3" width="100" height="2" />\(band)\(tick)\
            <line class="dot" x1="\(place(cell.value))" x2="\(place(cell.value))" y1="0" y2="8" />\
            </svg>
            """
    }

    private func percent(_ fraction: Double) -> String {
        (100 * fraction).fixed(1)
    }
}

extension ScoreTable {
    package func markdown(level: Int) -> String {
        let head = ["Set", "measure", "queries", "chance"] + columns
        return groups.map { group in
            let rows = group.rows.map { row in
                let name = row.note.isEmpty ? row.name : "\(row.name) (\(row.note))"
                return [
                    name, row.metric, row.queryCount.map(String.init) ?? "",
                    row.chance.map(percent) ?? "",
                ]
                    + columns.indices.map { $0 < row.cells.count ? markdown(row.cells[$0]) : "" }
            }
            let table = Markdown.table(head, rows, isNumeric: true)
            guard !group.name.isEmpty else { return table }
            return
                "\(String(repeating: "#", count: level)) \(Markdown.text(group.name))\n\n\(table)"
        }.joined(separator: "\n\n")
    }

    private func markdown(_ cell: Cell?) -> String {
        guard let cell else { return "" }
        let value = cell.value.isFinite ? percent(cell.value) : ""
        let range = cell.interval.map {
            "\(percent($0.lowerBound)) to \(percent($0.upperBound))"
        }
        let notes = [range, cell.note.isEmpty ? nil : cell.note].compactMap { $0 }
            .joined(separator: "; ")
        return value.isEmpty || notes.isEmpty ? value + notes : "\(value) (\(notes))"
    }
}
