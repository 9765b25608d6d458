import MoCaCore
import Testing

@testable import MoCaEvaluation

/// Every case, exact text.
struct EvaluationErrorTests {
    @Test(
        arguments: [
            (
                EvaluationError.notFinite(query: "Q", candidate: "C"), .badData,
                "score is not finite (query 'Q', candidate 'C'): the model gave NaN or infinity; "
                    + "check the weights for NaN or infinity, and run in float32"
            ),
            (
                .noCandidates(query: "Q"), .badData,
                "nothing to rank (query 'Q'): it has no candidates; remove the record, or give it "
                    + "candidates"
            ),
            (
                .duplicateDocument(id: "D"), .badData,
                "duplicate document (corpus, 'D'): the id stands twice; give every document of the "
                    + "corpus an id of its own"
            ),
            (
                .noQueries(set: "S"), .badData,
                "nothing to score (set 'S'): it has no judged query; check that the ids of queries "
                    + "and judgements are the same"
            ),
            (
                .unreadableScores(file: "F", reason: "R"), .badData,
                "cannot read scores (F): R; delete the file, and evaluate again"
            ),
            (
                .tooFewInputs(count: 1), .badData,
                "nothing to compare (1 input): each input is compared with the others; give at "
                    + "least two inputs"
            ),
            (
                .notComparable(a: "A", b: "B", reason: "R"), .badData,
                "evaluations cannot be compared (A, B): R; evaluate both models on the same data "
                    + "with the same prompts"
            ),
            (
                .measureMissing(set: "S", measure: "M"), .badData,
                "cannot write scores (set 'S'): it has no M; delete the file, and evaluate again"
            ),
            (
                .unknownLanguage(set: "S", name: "N"), .badData,
                "cannot write scores for mteb (set 'S'): 'N' is the name of no language; name the "
                    + "language of its queries in English, or by its ISO 639 code; scores.json is "
                    + "complete"
            ),
            (
                .cannotWrite(file: "F", reason: "R"), .cannotCreateOutput,
                "cannot write scores (F): R; check that the folder exists and has free space"
            ),
            (
                .noSets(folder: "F", layout: "test.parquet"), .inputMissing,
                "nothing to evaluate (F): neither it nor a folder in it has test.parquet; check "
                    + "the data folder: it holds the sets, or is one"
            ),
            (
                .setMissing(name: "N", folder: "F", known: ["A", "B"]), .inputMissing,
                "set is missing (N): F has A, B; choose the subsets among these"
            ),
            (
                .cannotRead(folder: "F", reason: "R"), .inputMissing,
                "sets cannot be read (F): R; check the data folder: it holds the sets, "
                    + "or is one"
            ),
            (
                .incompleteSet(folder: "F", missing: ["queries", "qrels"]), .inputMissing,
                "set is incomplete (F): it has no queries and no qrels; fetch what is missing, or "
                    + "choose the other sets as subsets"
            ),
            (
                .setRefused(name: "K700", reason: "it is a set of videos"), .badData,
                "set cannot be scored (K700): it is a set of videos; leave it out, or choose "
                    + "the others as subsets"
            ),
            (
                .sameSet(name: "N", folders: ["A", "B"]), .badData,
                "set is there twice (N): it is in A and B; choose one of them as subset"
            ),
            (
                .interrupted(output: "O", kept: 3), .interrupted,
                "evaluation was interrupted (O): 3 vectors are kept; run the same command again to "
                    + "go on"
            ),
        ] as [(EvaluationError, FailureKind, String)])
    func texts(_ error: EvaluationError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
