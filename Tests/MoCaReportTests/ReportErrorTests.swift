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
                .cannotWrite(file: "F", reason: "R"), .cannotCreateOutput,
                "cannot write report (F): R; check that the folder exists and has free space"
            ),
        ] as [(ReportError, FailureKind, String)])
    func texts(_ error: ReportError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
