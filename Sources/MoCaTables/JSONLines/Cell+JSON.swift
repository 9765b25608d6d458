// Converts JSON to cells.

package import Foundation
import MoCaSettings

extension Cell {
    /// Parses one JSON document; a duplicate key is an error.
    ///
    /// - Throws: `JSONFault`.
    package init(json data: Data) throws {
        self.init(try JSON(parsing: data))
    }

    private init(_ value: JSON) {
        self =
            switch value {
            case .null: .null
            case .bool(let value): .boolean(value)
            case .integer(let value): .integer(Int64(value))
            case .number(let value): .number(value)
            case .string(let value): .string(value)
            case .array(let elements): .list(elements.map { Cell($0) })
            case .object(let members):
                .object(
                    Dictionary(uniqueKeysWithValues: members.map { ($0.key, Cell($0.value)) }))
            }
    }
}
