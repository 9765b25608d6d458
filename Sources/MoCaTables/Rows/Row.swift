// One record of a file, with access by column name.

package import Foundation
package import MoCaCore
import MoCaSystem

/// A row of a table or a line of JSON.
package struct Row: Sendable {
    /// The location of the row.
    package let location: RecordLocation
    /// Encoded images that are stored with the record, by the names that it may use for them.
    package let attachments: [ExactText: Data]
    private let storage: Storage

    private enum Storage: Sendable {
        case batch(RecordBatch, row: Int)
        case members([String: Cell])
    }

    /// Makes a row of a batch.
    init(_ batch: RecordBatch, row: Int, location: RecordLocation) {
        storage = .batch(batch, row: row)
        self.location = location
        attachments = [:]
    }

    /// Makes a row from values.
    package init(
        _ members: [String: Cell], location: RecordLocation, attachments: [ExactText: Data] = [:]
    ) {
        storage = .members(members)
        self.location = location
        self.attachments = attachments
    }

    /// The keys of a JSON line, in no order; empty for a row of a table, whose columns are those of
    /// its file.
    package var memberNames: [String] {
        guard case .members(let members) = storage else { return [] }
        return Array(members.keys)
    }

    /// The value of a column; null if there is no such column.
    ///
    /// - Throws: `DataError.invalidText`, `.columnType`.
    package func cell(_ column: String) throws -> Cell {
        switch storage {
        case .members(let members): return members[column] ?? .null
        case .batch(let batch, let row):
            guard let values = batch.column(column) else { return .null }
            do {
                return try values.cell(row)
            } catch {
                throw dataError(error, column)
            }
        }
    }

    private func dataError(_ failure: CellFailure, _ column: String) -> DataError {
        switch failure {
        case .invalidText: .invalidText(location, column: column)
        case .unsupportedType(let format): mismatch(column, "the Arrow type '\(format)'", "text")
        case .indexOutOfRange: mismatch(column, "an index outside its dictionary", "a value")
        }
    }

    private func mismatch(_ column: String, _ found: String, _ expected: String) -> DataError {
        .columnType(location, column: column, found: found, expected: expected)
    }

    /// The text of a column; nil if null or absent.
    package func string(_ column: String) throws -> String? {
        switch try cell(column) {
        case .null: return nil
        case .string(let text): return text
        case let other: throw mismatch(column, other.kindName, "text")
        }
    }

    /// The integer of a column; nil if null or absent. A floating-point integer is accepted.
    package func integer(_ column: String) throws -> Int? {
        switch try cell(column) {
        case .null: return nil
        case .integer(let value): return Int(value)
        case .number(let value):
            if let integer = Int(exactly: value) { return integer }
            throw mismatch(column, "a number with a fraction", "an integer")
        case let other: throw mismatch(column, other.kindName, "an integer")
        }
    }

    /// The identifier in the first of `columns` that has a value: a text, or an integer as text.
    package func identifier(_ columns: [String]) throws -> String? {
        for column in columns {
            switch try cell(column) {
            case .null: continue
            case .string(let text): return text
            case .integer(let value): return String(value)
            case let other: throw mismatch(column, other.kindName, "text or an integer")
            }
        }
        return nil
    }

    /// The texts of a list column; nil if null or absent. A null element becomes an empty text.
    package func strings(_ column: String) throws -> [String]? {
        switch try cell(column) {
        case .null: return nil
        case .list(let elements): return try elements.map { try text(of: $0, column) }
        case let other: throw mismatch(column, other.kindName, "a list of texts")
        }
    }

    private func text(of cell: Cell, _ column: String) throws -> String {
        switch cell {
        case .null: return ""
        case .string(let text): return text
        case let other: throw mismatch(column, "a list with \(other.kindName)", "a list of texts")
        }
    }

    /// The text of a column, or its list of texts; nil if null or absent.
    package func stringOrList(_ column: String) throws -> StringOrList? {
        switch try cell(column) {
        case .null: return nil
        case .string(let text): return .string(text)
        case .list(let elements): return .list(try elements.map { try text(of: $0, column) })
        case let other: throw mismatch(column, other.kindName, "text or a list of texts")
        }
    }

    /// The floats of a list column; nil if null or absent.
    package func floats(_ column: String) throws -> [Float]? {
        if case .batch(let batch, let row) = storage,
            let numbers = batch.column(column)?.floats(row)
        {
            return numbers
        }
        switch try cell(column) {
        case .null: return nil
        case .list(let elements):
            return try elements.map { element in
                switch element {
                case .integer(let value): return Float(value)
                case .number(let value): return Float(value)
                default: throw mismatch(column, "a list with \(element.kindName)", "numbers")
                }
            }
        case let other: throw mismatch(column, other.kindName, "a list of numbers")
        }
    }

    /// The numbers of a list column, or the single number of a plain column; nil if null or absent.
    /// Null elements are nil.
    package func numbers(_ column: String) throws -> [Double?]? {
        func number(_ cell: Cell) throws -> Double? {
            switch cell {
            case .null: return nil
            case .integer(let value): return Double(value)
            case .number(let value): return value
            default: throw mismatch(column, cell.kindName, "numbers")
            }
        }
        switch try cell(column) {
        case .null: return nil
        case .list(let elements): return try elements.map(number)
        case let single: return [try number(single)]
        }
    }

    /// The images of a list column, or the single image of a plain column; empty if null or absent.
    package func images(_ column: String) throws -> [ImageValue] {
        switch try cell(column) {
        case .null: return []
        case .list(let elements): return try elements.map { try image(of: $0, column) }
        case let single: return [try image(of: single, column)]
        }
    }

    private func image(of cell: Cell, _ column: String) throws -> ImageValue {
        switch cell {
        case .string(let path) where !path.isEmpty: return .path(path)
        case .bytes(let data) where !data.isEmpty: return .encoded(data)
        case .string, .bytes, .null: throw DataError.valueMissing(location, column: column)
        case .object(let members):
            // The `Image` feature of Hugging Face data sets: bytes, or otherwise a path.
            if case .bytes(let data) = members["bytes"], !data.isEmpty { return .encoded(data) }
            if case .string(let text) = members["bytes"] {
                // JSON has no bytes: they are encoded as base64.
                guard let data = Data(base64Text: text), !data.isEmpty else {
                    throw DataError.unreadableDataURL(
                        location, reason: "'bytes' of '\(column)' holds no valid base64")
                }
                return .encoded(data)
            }
            if case .string(let path) = members["path"], !path.isEmpty { return .path(path) }
            throw DataError.valueMissing(location, column: column)
        default: throw mismatch(column, cell.kindName, "an image's bytes or path")
        }
    }
}

/// A field that is a text in some data sets and a list in others.
package enum StringOrList: Sendable, Equatable {
    case string(String)
    case list([String])
}

/// An image as stored in a file.
package enum ImageValue: Sendable, Equatable {
    case encoded(Data)
    /// A path, or a `data:` URL.
    case path(String)
}
