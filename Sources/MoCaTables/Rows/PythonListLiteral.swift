// Parses Python list literals of strings, which some data sets store in a text column.
//
// Grammar: https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals.
// Nothing is evaluated. The caller treats any other text as plain text.

/// The strings of `text` if it is a Python list literal of only strings, else nil.
///
///     pythonStringList("['a', \"it's\"]")    // ["a", "it's"]
///     pythonStringList("[see above]")        // nil
package func pythonStringList(_ text: String) -> [String]? {
    var parser = PythonListParser(Array(text.unicodeScalars))
    return parser.list()
}

/// Parses one literal, scalar by scalar; methods fail where Python reports an error.
private struct PythonListParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private var current: Unicode.Scalar? {
        position < scalars.count ? scalars[position] : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard current == scalar else { return false }
        position += 1
        return true
    }

    /// Skips spaces, line ends, comments and continued lines, which are free inside brackets.
    private mutating func skipSpace() {
        while let scalar = current {
            if scalar == "#" {
                while let other = current, other != "\n", other != "\r" { position += 1 }
            } else if scalar == "\\", position + 1 < scalars.count, isLineEnd(position + 1) {
                position += 2
            } else if " \t\u{c}\n\r".unicodeScalars.contains(scalar) {
                position += 1
            } else {
                return
            }
        }
    }

    private func isLineEnd(_ index: Int) -> Bool {
        scalars[index] == "\n" || scalars[index] == "\r"
    }

    mutating func list() -> [String]? {
        guard !scalars.contains("\0") else { return nil }
        guard skipLeadingLines(), take("[") else { return nil }
        var strings: [String] = []
        skipSpace()
        while !take("]") {
            guard let string = element() else { return nil }
            strings.append(string)
            skipSpace()
            guard take(",") || current == "]" else { return nil }
            skipSpace()
        }
        skipSpace()
        return position == scalars.count ? strings : nil
    }

    /// Skips blank lines and comments before the list; a list that is indented after one is
    /// refused, like any indented statement.
    private mutating func skipLeadingLines() -> Bool {
        while current == " " || current == "\t" { position += 1 }
        var lineStart = position
        while true {
            while current == " " || current == "\t" { position += 1 }
            if current == "#" {
                while let scalar = current, scalar != "\n", scalar != "\r" { position += 1 }
            }
            guard current == "\n" || current == "\r" else { return position == lineStart }
            takeLineEnd()
            lineStart = position
        }
    }

    /// Parses one element: a string, or several adjacent ones, which Python concatenates.
    private mutating func element() -> String? {
        guard var joined = string() else { return nil }
        skipSpace()
        while let scalar = current, scalar != ",", scalar != "]" {
            guard let next = string() else { return nil }
            joined.unicodeScalars.append(contentsOf: next.unicodeScalars)
            skipSpace()
        }
        return joined
    }

    private mutating func string() -> String? {
        let isRaw = take("r") || take("R")
        if !isRaw, !take("u") { _ = take("U") }
        guard let quote = current, quote == "'" || quote == "\"" else { return nil }
        position += 1
        var isTriple = false
        if current == quote {
            guard position + 1 < scalars.count, scalars[position + 1] == quote else {
                position += 1
                return ""
            }
            isTriple = true
            position += 2
        }
        return body(quote: quote, isTriple: isTriple, isRaw: isRaw)
    }

    private mutating func body(
        quote: Unicode.Scalar, isTriple: Bool, isRaw: Bool
    ) -> String? {
        var result = String.UnicodeScalarView()
        while let scalar = current {
            if scalar == quote, closes(quote, isTriple: isTriple) {
                position += isTriple ? 3 : 1
                return String(result)
            }
            position += 1
            switch scalar {
            case "\\" where isRaw:
                guard let next = current else { return nil }
                result.append(scalar)
                if next == "\r" || next == "\n" {
                    takeLineEnd()
                    result.append("\n")
                } else {
                    position += 1
                    result.append(next)
                }
            case "\\":
                guard escape(into: &result) else { return nil }
            case "\n", "\r":
                guard isTriple else { return nil }
                position -= 1
                takeLineEnd()
                result.append("\n")
            default:
                result.append(scalar)
            }
        }
        return nil
    }

    private func closes(_ quote: Unicode.Scalar, isTriple: Bool) -> Bool {
        guard isTriple else { return true }
        return position + 2 < scalars.count && scalars[position + 1] == quote
            && scalars[position + 2] == quote
    }

    /// Python reads every type of line end as a line feed.
    private mutating func takeLineEnd() {
        if take("\r") { _ = take("\n") } else { _ = take("\n") }
    }

    private static let simpleEscapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{c}",
        "n": "\n", "r": "\r", "t": "\t", "v": "\u{b}",
    ]

    /// Parses the rest of an escape sequence after the backslash.
    private mutating func escape(into result: inout String.UnicodeScalarView) -> Bool {
        guard let scalar = current else { return false }
        if scalar == "\n" || scalar == "\r" {
            takeLineEnd()
            return true
        }
        if ("0"..."7").contains(scalar) { return octal(into: &result) }
        position += 1
        if let plain = Self.simpleEscapes[scalar] {
            result.append(plain)
            return true
        }
        switch scalar {
        case "x": return hexadecimal(digits: 2, into: &result)
        case "u": return hexadecimal(digits: 4, into: &result)
        case "U": return hexadecimal(digits: 8, into: &result)
        case "N": return named(into: &result)
        default:
            // Python keeps the backslash of an unknown escape.
            result.append("\\")
            result.append(scalar)
            return true
        }
    }

    private mutating func octal(into result: inout String.UnicodeScalarView) -> Bool {
        var value: UInt32 = 0
        for _ in 0..<3 {
            guard let scalar = current, ("0"..."7").contains(scalar) else { break }
            value = value * 8 + (scalar.value - 48)
            position += 1
        }
        return append(value, to: &result)
    }

    private mutating func hexadecimal(
        digits: Int, into result: inout String.UnicodeScalarView
    ) -> Bool {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let scalar = current, scalar.isASCII,
                let digit = Character(scalar).hexDigitValue
            else { return false }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return append(value, to: &result)
    }

    /// Half of a surrogate pair is valid in Python but not in Swift: the literal is refused.
    private func append(_ value: UInt32, to result: inout String.UnicodeScalarView) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        result.append(scalar)
        return true
    }

    private mutating func named(into result: inout String.UnicodeScalarView) -> Bool {
        guard take("{") else { return false }
        var name = ""
        while let scalar = current, scalar != "}" {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take("}"), !name.isEmpty else { return false }
        guard let scalar = scalarsByName[name.uppercased()] else { return false }
        result.append(scalar)
        return true
    }
}

/// Every scalar by its name and its alias; built for the first literal that needs it, as few do.
private let scalarsByName: [String: Unicode.Scalar] = {
    var found: [String: Unicode.Scalar] = [:]
    for value in UInt32(0)...0x10ffff {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let properties = scalar.properties
        for name in [properties.name, properties.nameAlias].compactMap({ $0 })
        where found[name] == nil {
            found[name] = scalar
        }
    }
    return found
}()
