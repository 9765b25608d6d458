// Text that is safe to put into a page, told apart from text that is not by its type.

import Foundation

/// A piece of a page. Strings that are interpolated into it are escaped, other pieces are not:
///
///     let cell: HTML = "<td>\(name)</td>"
///
/// The pages are well-formed XML too, so that a test can read them back.
struct HTML: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// The markup.
    private(set) var markup: String

    /// An empty piece.
    init() {
        markup = ""
    }

    init(stringLiteral value: String) {
        markup = value
    }

    init(stringInterpolation: StringInterpolation) {
        markup = stringInterpolation.markup
    }

    /// Appends a piece.
    static func += (page: inout HTML, piece: HTML) {
        page.markup += piece.markup
    }

    /// Builds a piece: literals as they are, strings escaped.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var markup = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            markup.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) {
            markup += literal
        }

        /// Adds text of any origin.
        mutating func appendInterpolation(_ text: String) {
            HTML.escape(text, into: &markup)
        }

        /// Adds a piece of a page.
        mutating func appendInterpolation(_ piece: HTML) {
            markup += piece.markup
        }

        /// Adds pieces one after another.
        mutating func appendInterpolation(_ pieces: [HTML]) {
            for piece in pieces { markup += piece.markup }
        }

        /// Adds a piece, or nothing.
        mutating func appendInterpolation(_ piece: HTML?) {
            if let piece { markup += piece.markup }
        }

        /// Adds a whole number.
        mutating func appendInterpolation(_ number: Int) {
            markup += String(number)
        }
    }

    /// Escapes markup; what no page may hold (control characters, noncharacters) becomes U+FFFD.
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
    /// The number with `digits` digits after the point, the same in every locale; `n/a` when it is
    /// not finite.
    func fixed(_ digits: Int) -> String {
        guard isFinite else { return "n/a" }
        return String(format: "%.\(digits)f", self)
    }

    /// The number as short as four significant digits allow.
    var short: String {
        guard isFinite else { return "n/a" }
        return String(format: "%.4g", self)
    }
}
