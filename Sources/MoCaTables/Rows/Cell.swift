// One value of a table, independent of the file format.

package import Foundation

/// A value of a cell; lists and objects nest.
package indirect enum Cell: Sendable, Equatable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case bytes(Data)
    case list([Cell])
    case object([String: Cell])

    /// The name of the value's type in error messages.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "text"
        case .bytes: "bytes"
        case .list: "a list"
        case .object: "an object"
        }
    }
}
