// The most important figures, and the settings behind them.

/// Figures and tables of settings.
package struct Summary: ReportBlock, Hashable {
    /// One figure, such as 71.3 % "text to image" "chance 5 %".
    package struct Figure: Sendable, Hashable {
        package var value: String
        package var label: String
        package var note: String

        package init(_ value: String, _ label: String, note: String = "") {
            self.value = value
            self.label = label
            self.note = note
        }
    }

    /// One setting.
    package struct Setting: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var figures: [Figure]
    package var settings: [Setting]

    package init(figures: [Figure], settings: [Setting] = []) {
        self.figures = figures
        self.settings = settings
    }

    package func html(name: String) -> HTML {
        let figures: [HTML] = figures.map { figure in
            """
            <div class="figure"><dt>\(figure.label)</dt>\
            <dd class="value">\(figure.value)</dd>\
            \(figure.note.isEmpty ? nil : "<dd class=\"note\">\(figure.note)</dd>" as HTML?)</div>

            """
        }
        let rows: [HTML] = settings.map {
            "<tr><th scope=\"row\">\($0.name)</th><td>\($0.value)</td></tr>\n"
        }
        let table: HTML = """
            <div class="scroll"><table class="settings">
            <caption class="hidden">Settings</caption>
            <tbody>
            \(rows)</tbody></table></div>
            """
        return """
            \(figures.isEmpty ? nil : "<dl class=\"figures\">\n\(figures)</dl>\n" as HTML?)\
            \(rows.isEmpty ? nil : table)
            """
    }
}

extension Summary {
    package func markdown(level: Int) -> String {
        let lines = figures.map { figure in
            let note = figure.note.isEmpty ? "" : " (\(Markdown.text(figure.note)))"
            return "- **\(Markdown.text(figure.value))** \(Markdown.text(figure.label))\(note)"
        }
        let table =
            settings.isEmpty
            ? ""
            : Markdown.table(["Setting", "Value"], settings.map { [$0.name, $0.value] })
        return [lines.joined(separator: "\n"), table].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }
}
