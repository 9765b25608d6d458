import Foundation
import MoCaCore
import Testing

@testable import MoCaEvaluation

/// Every case, exact text.
struct EvaluationRunErrorTests {
    @Test(
        arguments: [
            (
                EvaluationRunError.noSets(folder: "F", layout: "test.parquet"), .inputMissing,
                "nothing to evaluate (F): neither it nor a folder in it has test.parquet; name the "
                    + "folder that holds the sets with --data"
            ),
            (
                .setMissing(name: "N", folder: "F", known: ["A", "B"]), .inputMissing,
                "set is missing (N): F has A, B; choose among these with --subsets"
            ),
            (
                .cannotRead(folder: "F", reason: "R"), .inputMissing,
                "sets cannot be read (F): R; name the folder that holds the sets with --data"
            ),
            (
                .incompleteSet(folder: "F", missing: ["queries", "qrels"]), .inputMissing,
                "set is incomplete (F): it has no queries and no qrels; fetch what is missing, or "
                    + "name the other sets with --subsets"
            ),
            (
                .setRefused(name: "K700", reason: "it is a set of videos"), .badData,
                "set cannot be scored (K700): it is a set of videos; leave it out, or name the "
                    + "others with --subsets"
            ),
            (
                .sameSet(name: "N", folders: ["A", "B"]), .badData,
                "set is there twice (N): it is in A and B; name one of them with --subsets"
            ),
            (
                .interrupted(output: "O", kept: 3), .interrupted,
                "evaluation was interrupted (O): 3 vectors are kept; run the same command again to "
                    + "go on"
            ),
        ] as [(EvaluationRunError, FailureKind, String)])
    func texts(_ error: EvaluationRunError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
