// Where the fixtures are.

import Foundation
import MoCaTestSupport
import Testing
@testable import MoCaTables

/// The folder of the golden tables.
let fixtures = Repository.fixtures.appending(path: "data")

/// A fixture by its path.
func fixture(_ path: String) -> URL { fixtures.appendingPathComponent(path) }

/// The error of a call that must fail.
func dataError(_ body: () throws -> Void) -> DataError? {
    do {
        try body()
        return nil
    } catch {
        return error as? DataError
    }
}
