import Foundation
import MoCaCore
import Testing

@testable import MoCaReport

/// Every case, exact text.
struct ReportErrorTests {
    @Test(
        arguments: [
            (
                ReportError.unknownImage(name: "N"), .badData,
                "cannot show image (N): it is neither PNG, JPEG, GIF nor WebP; encode it as PNG "
                    + "or JPEG"
            ),
            (
                .unreadableMetrics(file: "F", reason: "R"), .inputMissing,
                "cannot read metrics (F): R; check that the folder is one of a training run"
            ),
            (
                .invalidMetrics(file: "F", line: 3, reason: "R"), .badData,
                "invalid metrics (F, line 3): R; remove the line"
            ),
            (
                .cannotWrite(file: "F", reason: "R"), .cannotCreateOutput,
                "cannot write report (F): R; check that the folder exists and has free space"
            ),
        ] as [(ReportError, FailureKind, String)])
    func texts(_ error: ReportError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }

    @Test func aMissingLogIsNamed() {
        let file = FileManager.default.temporaryDirectory.appending(path: "moca-none.jsonl")
        #expect(throws: ReportError.self) { try MetricsLog(contentsOf: file) }
    }
}
