// Splits texts into passages that a single vector can represent.

/// Splits a text at its blank lines, and joins short paragraphs up to a limit.
struct Passages {
    /// The maximum length of a passage in characters.
    let characterCountMax: Int

    /// Returns the non-blank passages of `text`, in order.
    func callAsFunction(_ text: String) -> [String] {
        var (passages, current) = ([String](), "")
        for paragraph in Self.paragraphs(text).flatMap(pieces) {
            if !current.isEmpty, current.count + 2 + paragraph.count > characterCountMax {
                passages.append(current)
                current = ""
            }
            current += current.isEmpty ? paragraph : "\n\n" + paragraph
        }
        return current.isEmpty ? passages : passages + [current]
    }

    private static func paragraphs(_ text: String) -> [String] {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let groups = lines.split { line in line.allSatisfy(\.isWhitespace) }
        return groups.map { $0.joined(separator: "\n") }
    }

    /// Splits a paragraph over the limit at the last space before it, if there is one.
    private func pieces(_ paragraph: String) -> [String] {
        var (pieces, rest) = ([String](), Substring(paragraph))
        while rest.count > characterCountMax {
            let head = rest.prefix(characterCountMax)
            let cut = head.lastIndex(where: \.isWhitespace) ?? head.endIndex
            pieces.append(String(rest[..<cut]))
            rest = rest[cut...].drop(while: \.isWhitespace)
        }
        return (pieces + [String(rest)]).filter { !$0.allSatisfy(\.isWhitespace) }
    }
}
