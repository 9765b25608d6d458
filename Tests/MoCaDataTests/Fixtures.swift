// Where the fixtures are, and how a test reads what pyarrow says is in them.

import Foundation
import Testing
@testable import MoCaTables

/// The folder of the golden tables.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/data")

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

/// A folder of its own for one test, removed at the end.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("moca-data-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Resident memory of this process; nil where the system does not tell.
func residentByteCount() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
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
