// JSON to cells.

package import Foundation
import MoCaSettings

extension Cell {
    /// Parses one JSON document; a key written twice is a fault.
    ///
    /// - Throws: `JSONFault`.
    package init(json data: Data) throws {
        self = try data.withUnsafeBytes { raw in
            var scanner = JSONScanner(raw.assumingMemoryBound(to: UInt8.self))
            let tree = try scanner.value()
            try scanner.end()
            return try Cell(tree)
        }
    }

    private init(_ tree: JSONTree) throws {
        switch tree {
        case .null: self = .null
        case .bool(let value): self = .boolean(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(try elements.map { try Cell($0) })
        case .number(let spelling, let isInteger):
            // An integer beyond 64 bits becomes the nearest number; others are known to be finite.
            let integer = isInteger ? Int64(spelling) : nil
            self = integer.map(Cell.integer) ?? .number(Double(spelling) ?? .nan)
        case .object(let members):
            var cells: [String: Cell] = [:]
            for member in members {
                guard cells.updateValue(try Cell(member.value), forKey: member.name) == nil else {
                    throw JSONFault(
                        byte: member.range.lowerBound,
                        reason: "the key '\(member.name)' stands twice")
                }
            }
            self = .object(cells)
        }
    }
}
