// The column types of the Arrow C data interface that data sets use.

/// The type of an Arrow column, from its format string.
///
/// Source: https://arrow.apache.org/docs/format/CDataInterface.html, "Data type description".
package enum ColumnType: Sendable, Equatable {
    case null
    case boolean
    case integer(bytes: Int, isSigned: Bool)
    case float(bytes: Int)
    case string(isLarge: Bool)
    case binary(isLarge: Bool)
    case fixedBinary(bytes: Int)
    case list(isLarge: Bool)
    case fixedList(count: Int)
    case structure
    /// A type that no record uses; reading a value of it is an error.
    case other(format: String)

    /// Parses a format string.
    package init(format: String) {
        self = Self.simple[format] ?? Self.sized(format) ?? .other(format: format)
    }

    private static let simple: [String: ColumnType] = [
        "n": .null, "b": .boolean,
        "c": .integer(bytes: 1, isSigned: true), "C": .integer(bytes: 1, isSigned: false),
        "s": .integer(bytes: 2, isSigned: true), "S": .integer(bytes: 2, isSigned: false),
        "i": .integer(bytes: 4, isSigned: true), "I": .integer(bytes: 4, isSigned: false),
        "l": .integer(bytes: 8, isSigned: true), "L": .integer(bytes: 8, isSigned: false),
        "e": .float(bytes: 2), "f": .float(bytes: 4), "g": .float(bytes: 8),
        "u": .string(isLarge: false), "U": .string(isLarge: true),
        "z": .binary(isLarge: false), "Z": .binary(isLarge: true),
        "+l": .list(isLarge: false), "+L": .list(isLarge: true), "+s": .structure,
    ]

    private static func sized(_ format: String) -> ColumnType? {
        if format.hasPrefix("w:"), let bytes = Int(format.dropFirst(2)), bytes > 0 {
            return .fixedBinary(bytes: bytes)
        }
        if format.hasPrefix("+w:"), let count = Int(format.dropFirst(3)), count >= 0 {
            return .fixedList(count: count)
        }
        return nil
    }

    /// The number of buffers, validity included; nil for an unsupported layout.
    var bufferCount: Int? {
        switch self {
        case .null: 0
        case .structure, .fixedList: 1
        case .boolean, .integer, .float, .fixedBinary, .list: 2
        case .string, .binary: 3
        case .other: nil
        }
    }

    /// The number of child columns; nil if any number is valid.
    var childCount: Int? {
        switch self {
        case .list, .fixedList: 1
        case .structure, .other: nil
        default: 0
        }
    }
}
