// The layouts of written JSON, and descriptions of decoding errors.

package import Foundation

/// A layout of JSON text.
package enum JSONFormat: Sendable {
    /// One line with sorted keys.
    case line
    /// `line`, with `/` written as `\/`: the text from which stored fingerprints were computed.
    case escapedLine
    /// Indented, with sorted keys.
    case indented
    /// `indented`, with a line break at the end.
    case document

    /// The JSON of `value`.
    ///
    /// - Parameter nonFinite: how infinities and NaN, which JSON lacks, are written.
    /// - Throws: `EncodingError`.
    package func data(
        _ value: some Encodable, nonFinite: NonFiniteNumbers = .refused
    ) throws -> Data {
        let encoder = JSONEncoder()
        switch self {
        case .line: encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        case .escapedLine: encoder.outputFormatting = .sortedKeys
        case .indented, .document:
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        }
        switch nonFinite {
        case .refused: break
        case .words:
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        case .null:
            // The encoder can replace such numbers only by strings.
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "\u{0}", negativeInfinity: "\u{0}", nan: "\u{0}")
        }
        var data = try encoder.encode(value)
        if case .null = nonFinite {
            // Within a string the second quotation mark would be escaped, so only members match.
            let text = String(decoding: data, as: UTF8.self)
            data = Data(text.replacing(#":"\u0000""#, with: ":null").utf8)
        }
        if case .document = self { data.append(UInt8(ascii: "\n")) }
        return data
    }

    /// The JSON of `values`, each as one line.
    ///
    /// - Throws: `EncodingError`.
    package static func lines(_ values: some Sequence<some Encodable>) throws -> Data {
        try values.reduce(into: Data()) { lines, value in
            lines += try line.data(value)
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// The JSON of `value` as a string.
    ///
    /// - Parameter nonFinite: how infinities and NaN, which JSON lacks, are written.
    /// - Throws: `EncodingError`.
    package func text(
        _ value: some Encodable, nonFinite: NonFiniteNumbers = .refused
    ) throws -> String {
        String(decoding: try data(value, nonFinite: nonFinite), as: UTF8.self)
    }

    /// How infinities and NaN, which JSON lacks, are written.
    package enum NonFiniteNumbers: Sendable {
        /// Encoding fails.
        case refused
        /// Written as the strings `inf`, `-inf` and `nan`.
        case words
        /// Members of objects are written as null; only in the formats `line` and `escapedLine`.
        case null
    }
}

extension DecodingError {
    /// The problem with the JSON, and its key.
    package var reason: String {
        switch self {
        case .keyNotFound(let key, let context):
            Self.prefix(context) + "the key '\(key.stringValue)' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            Self.prefix(context) + context.debugDescription
        @unknown default: localizedDescription
        }
    }

    private static func prefix(_ context: Context) -> String {
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "" : "\(path): "
    }
}
