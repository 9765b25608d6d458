import Foundation
import MoCaCore
import Testing

@testable import MoCaRunLog

/// Files of rows, and what is wrong with them.
@Suite struct RunLogFileTests {
    @Test func aLastLineThatIsCutOffIsLeftOut() throws {
        let text = "{\"step\": 1}\n\n{\"step\": 2}\r\n{\"step\": 3, \"lo"
        let rows = try RunLogFile.rows(of: MetricsRow.self, in: Data(text.utf8), name: "m")
        #expect(rows.map(\.step) == [1, 2])
        #expect(try RunLogFile.rows(of: MetricsRow.self, in: Data(), name: "m").isEmpty)
    }

    @Test(arguments: [
        ("{\"step\": 1}\nx\n{\"step\": 2}", 2, "it is not JSON"),
        ("[]\n", 1, "it is not a JSON object"),
        ("{\"loss\": 1}\n", 1, "it has no step"),
        ("{\"step\": \"1\"}\n", 1, "step has the wrong type"),
        ("{\"step\": 1, \"subset_losses\": 2}\n", 1, "subset_losses has the wrong type"),
    ])
    func brokenLines(_ text: String, _ line: Int, _ reason: String) {
        #expect(throws: RunLogError.invalidLine(file: "m", line: line, reason: reason)) {
            try RunLogFile.rows(of: MetricsRow.self, in: Data(text.utf8), name: "m")
        }
    }

    @Test func aMissingFileIsNamedOrEmpty() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "moca-none.jsonl")
        #expect(throws: RunLogError.self) { try RunLogFile.rows(of: RunEvent.self, in: file) }
        #expect(try RunLogFile.rowsIfPresent(of: RunEvent.self, in: file).isEmpty)
    }

    @Test(
        arguments: [
            (
                .unreadable(file: "F", reason: "R"), .inputMissing,
                "run log cannot be read (F): R; check that the folder is one of a training run"
            ),
            (
                .invalidLine(file: "F", line: 3, reason: "R"), .badData,
                "run log has an invalid line (F, line 3): R; remove the line"
            ),
        ] as [(RunLogError, FailureKind, String)])
    func texts(_ error: RunLogError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
