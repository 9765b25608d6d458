// HTML markup as a type of its own, distinct from text that still needs escaping.

import Foundation

/// A fragment of a page. Interpolated strings are escaped, interpolated fragments are not:
///
///     let cell: HTML = "<td>\(name)</td>"
///
/// The pages are also well-formed XML, so that tests can parse them.
package struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The HTML text of the fragment.
    package private(set) var markup: String

    /// Creates an empty fragment.
    package init() {
        markup = ""
    }

    /// Creates a fragment from markup in the source code.
    package init(stringLiteral value: String) {
        markup = value
    }

    /// Creates a fragment from an interpolated literal.
    package init(stringInterpolation: StringInterpolation) {
        markup = stringInterpolation.markup
    }

    /// Appends a fragment.
    package static func += (page: inout HTML, piece: HTML) {
        page.markup += piece.markup
    }

    /// Builds a fragment: literals are copied, strings are escaped.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        /// Creates an empty fragment with room for the given numbers of bytes and values.
        package init(literalCapacity: Int, interpolationCount: Int) {
            markup.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        /// Appends markup in the source code.
        package mutating func appendLiteral(_ literal: String) {
            markup += literal
        }

        /// Appends text of any origin, escaped.
        package mutating func appendInterpolation(_ text: String) {
            HTML.escape(text, into: &markup)
        }

        /// Appends a fragment.
        package mutating func appendInterpolation(_ piece: HTML) {
            markup += piece.markup
        }

        /// Appends fragments one after another.
        package mutating func appendInterpolation(_ pieces: [HTML]) {
            for piece in pieces { markup += piece.markup }
        }

        /// Appends a fragment, or nothing if it is nil.
        package mutating func appendInterpolation(_ piece: HTML?) {
            if let piece { markup += piece.markup }
        }

        /// Appends an integer.
        package mutating func appendInterpolation(_ number: Int) {
            markup += String(number)
        }
    }

    /// Escapes markup; characters that XML forbids (control characters, noncharacters) become
    /// U+FFFD.
    private static func escape(_ text: String, into markup: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": markup += "&amp;"
            case "<": markup += "&lt;"
            case ">": markup += "&gt;"
            case "\"": markup += "&quot;"
            case "'": markup += "&#39;"
            case "\n", "\t": markup.unicodeScalars.append(scalar)
            case "\u{7f}"..."\u{9f}": markup += "\u{fffd}"
            case _ where scalar.value < 0x20 || scalar.value & 0xfffe == 0xfffe:
                markup += "\u{fffd}"
            default: markup.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Double {
    /// The number with `digits` digits after the point, independent of the locale; `n/a` if it is
    /// not finite.
    func fixed(_ digits: Int) -> String {
        guard isFinite else { return "n/a" }
        return String(format: "%.\(digits)f", self)
    }

    /// The number with at most four significant digits.
    var short: String {
        guard isFinite else { return "n/a" }
        return String(format: "%.4g", self)
    }
}
