// Text that is safe in a Markdown file (CommonMark with GitHub's tables).

/// Functions that make the parts of a Markdown file.
enum Markdown {
    private static let marks: Set<Unicode.Scalar> = [
        "\\", "`", "*", "_", "[", "]", "<", ">", "#", "|", "~", "&", "$", "!",
    ]

    /// One line of text of any origin: markup is escaped, line ends become spaces, and forbidden
    /// characters become U+FFFD.
    static func text(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t", "\u{85}", "\u{2028}", "\u{2029}": line.append(" ")
            case _ where scalar.value < 0x20 || scalar.value & 0xfffe == 0xfffe:
                line.append("\u{fffd}")
            case "\u{7f}"..."\u{9f}": line.append("\u{fffd}")
            case _ where marks.contains(scalar):
                line.append("\\")
                line.append(scalar)
            default: line.append(scalar)
            }
        }
        return String(line).trimmingSpaces
    }

    /// The escaped `text` for the start of a line, where it begins no list, rule or heading
    /// underline.
    static func paragraph(_ text: String) -> String {
        let line = Self.text(text)
        guard let first = line.unicodeScalars.first else { return line }
        if ["-", "+", "="].contains(first) { return "\\" + line }
        let digits = line.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let next = line.dropFirst(digits.count).first, ".)".contains(next)
        else { return line }
        return digits + "\\" + line.dropFirst(digits.count)
    }

    /// A table whose cells are text of any origin.
    ///
    /// - Parameter isNumeric: whether the cells after the first are right-aligned.
    static func table(
        _ columns: [String], _ rows: [[String]], isNumeric: Bool = false
    ) -> String {
        let line = { (cells: [String]) in "| \(cells.map(text).joined(separator: " | ")) |" }
        let rule = columns.indices.map { $0 > 0 && isNumeric ? "---:" : "---" }
        return ([line(columns), "| \(rule.joined(separator: " | ")) |"] + rows.map(line))
            .joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
