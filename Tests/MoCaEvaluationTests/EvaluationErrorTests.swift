import MoCaCore
import Testing

@testable import MoCaEvaluation

/// Every case, exact text.
struct EvaluationErrorTests {
    @Test(
        arguments: [
            (
                EvaluationError.notFinite(query: "Q", candidate: "C"), .internalFailure,
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
                "nothing to compare (1 inputs): each input is compared with the others; give at "
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
        ] as [(EvaluationError, FailureKind, String)])
    func texts(_ error: EvaluationError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
