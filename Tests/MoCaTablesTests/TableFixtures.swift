// Where the fixtures are, and how a test reads what pyarrow says is in them.

import Foundation
import MoCaTestSupport
import Testing
@testable import MoCaTables

/// The folder of the golden tables.
let fixtures = Repository.fixtures.appending(path: "data")

/// A fixture by its path.
func fixture(_ path: String) -> URL { fixtures.appendingPathComponent(path) }

/// The rows that pyarrow reads from the table `name`.
func expectedRows(_ name: String) throws -> [[String: Cell]] {
    let data = try Data(contentsOf: fixture("\(name).expected.json"))
    guard case .list(let rows) = try Cell(json: data) else { return [] }
    return rows.map { row in
        guard case .object(let members) = row else { return [:] }
        return members.mapValues(withBytes)
    }
}

private func withBytes(_ cell: Cell) -> Cell {
    switch cell {
    case .list(let cells): return .list(cells.map(withBytes))
    case .object(let members):
        if case .string(let text) = members["base64"], let data = Data(base64Encoded: text) {
            return .bytes(data)
        }
        return .object(members.mapValues(withBytes))
    default: return cell
    }
}

/// Equal, where JSON's 1 and 1.0 are one number.
func isSame(_ a: Cell, _ b: Cell) -> Bool {
    switch (a, b) {
    case (.integer(let x), .number(let y)), (.number(let y), .integer(let x)):
        return Double(x) == y
    case (.list(let x), .list(let y)):
        return x.count == y.count && zip(x, y).allSatisfy { isSame($0, $1) }
    case (.object(let x), .object(let y)):
        return x.keys == y.keys && x.allSatisfy { isSame($1, y[$0] ?? .null) }
    default: return a == b
    }
}

/// The error of a call that must fail.
func dataError(_ body: () throws -> Void) -> DataError? {
    do {
        try body()
        return nil
    } catch {
        return error as? DataError
    }
}
