// How the program writes JSON, and what it says of JSON that is not what it expects.

package import Foundation

/// A layout of JSON text.
package enum JSONFormat: Sendable {
    /// One line with sorted keys.
    case line
    /// Indented, with sorted keys.
    case indented
    /// `indented`, with a line break at the end.
    case document

    /// The JSON of `value`.
    ///
    /// - Parameter nonFinite: how numbers are written that JSON does not have.
    /// - Throws: `EncodingError`.
    package func data(
        _ value: some Encodable, nonFinite: NonFiniteNumbers = .refused
    ) throws -> Data {
        let encoder = JSONEncoder()
        switch self {
        case .line: encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        case .indented, .document:
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        }
        if nonFinite == .words {
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        }
        var data = try encoder.encode(value)
        if case .document = self { data.append(UInt8(ascii: "\n")) }
        return data
    }

    /// The JSON of `value` as a string.
    ///
    /// - Parameter nonFinite: how numbers are written that JSON does not have.
    /// - Throws: `EncodingError`.
    package func text(
        _ value: some Encodable, nonFinite: NonFiniteNumbers = .refused
    ) throws -> String {
        String(decoding: try data(value, nonFinite: nonFinite), as: UTF8.self)
    }

    /// How numbers are written that JSON does not have.
    package enum NonFiniteNumbers: Sendable {
        /// Encoding fails.
        case refused
        /// As the strings `inf`, `-inf` and `nan`.
        case words
    }
}

extension DecodingError {
    /// What is wrong with the JSON, and at which key.
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
