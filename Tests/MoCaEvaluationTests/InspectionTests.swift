import Foundation
import MoCaCore
import MoCaSearch
import MoCaVectors
import Testing
@testable import MoCaEvaluation

/// Which queries a report shows, and their contents.
struct InspectionTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    private func outcome(
        _ query: String, _ value: Double, best: [(String, Float)], right: [(String, Float)]
    ) -> QueryOutcome {
        QueryOutcome(
            query: query, measures: ["ndcg_at_5": value],
            best: best.map { ScoredCandidate(id: $0.0, score: $0.1) },
            relevant: right.map { ScoredCandidate(id: $0.0, score: $0.1) }, stability: .stable)
    }

    private var outcomes: [QueryOutcome] {
        [
            outcome("near", 0, best: [("a", 0.5), ("r", 0.4)], right: [("r", 0.4)]),
            outcome("right", 1, best: [("r", 0.9), ("a", 0.8)], right: [("r", 0.9)]),
            outcome("half", 0.5, best: [("a", 0.9), ("r", 0.1)], right: [("r", 0.1)]),
            outcome("far", 0, best: [("b", 0.5), ("c", 0.2)], right: [("r", -0.4)]),
            outcome("clear", 1, best: [("r", 0.9), ("a", 0.1)], right: [("r", 0.9)]),
            outcome("none", 0, best: [("a", 0.5)], right: []),
        ]
    }

    @Test func theWorstAreTheLowestThenTheWidest() {
        #expect(
            outcomes.worst(by: "ndcg_at_5", count: 9).map(\.query) == [
                "far", "near", "none", "half",
            ])
        #expect(outcomes.worst(by: "ndcg_at_5", count: 1).map(\.query) == ["far"])
        #expect(outcomes.clearest(count: 9).map(\.query) == ["clear", "right"])
        #expect(abs((outcomes[3].margin ?? 0) - 0.9) < 1e-6)
        #expect(outcomes[5].margin == nil && !outcomes[5].isRight)
    }

    @Test func hubsLeadSeveralQueriesWrongly() {
        #expect(
            outcomes.hubs(count: 5) == [Hub(document: "a", queries: ["near", "half", "none"])])
    }

    @Test func aTieIsNotRight() throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add([0.5, 0.5], query: "tie")
        try evaluation.add([0.5, 0.25], query: "won")
        #expect(evaluation.outcomes.map(\.isRight) == [false, true])
    }

    /// Files of older versions have the right one first among equals.
    @Test func anOlderTieIsNotRightEither() {
        let outcome = QueryOutcome(
            query: "tie", measures: ["precision_at_1": 0],
            best: [ScoredCandidate(id: "0", score: 0.5), ScoredCandidate(id: "1", score: 0.5)],
            relevant: [ScoredCandidate(id: "0", score: 0.5)], stability: .tied)
        #expect(!outcome.isRight)
    }

    private func outcome(_ row: Int, first: Int) -> QueryOutcome {
        QueryOutcome(
            query: "Set#\(row)", measures: ["precision_at_1": first == 0 ? 1 : 0],
            best: [ScoredCandidate(id: "\(first)", score: 0.9)],
            relevant: [ScoredCandidate(id: "0", score: first == 0 ? 0.9 : 0.5)],
            stability: .stable)
    }

    @Test func confusionsAreCountedByContent() throws {
        // The right answer first, the others in any order.
        let rows = [
            ["cat", "dog", "cow"], ["cat", "cow", "dog"], ["cat", "dog", "cow"], ["dog", "cat"],
            ["cow", "cat", "dog"],
        ]
        try folder.write(
            rows.map { ["qry_text": "Which?", "tgt_text": $0] }, to: "Set/test.jsonl")
        let contents = try SetContents(
            "Set", of: .mmeb, data: folder.data, images: nil, roles: [.query])
        let found = try contents.confusions(
            [
                outcome(0, first: 1), outcome(1, first: 2), outcome(2, first: 0),
                outcome(3, first: 1), outcome(4, first: 0),
            ], count: 5)
        // Cat for dog twice, of three cats; dog for cat once is no pattern.
        #expect(found.map(\.count) == [2] && found.map(\.queryCount) == [3])
        #expect(found.map(\.example.query) == ["Set#0"])
        let query = try #require(try contents.query("Set#3"))
        #expect(query.content == .text("Which?") && query.role == .query)
        let candidate = try #require(try contents.candidate("1", of: "Set#3"))
        #expect(candidate.content == .text("cat") && candidate.role == nil)
        for (id, query) in [("2", "Set#3"), ("x", "Set#3"), ("0", "Set#5"), ("0", "Set")] {
            #expect(try contents.candidate(id, of: query) == nil, "\(id) of \(query)")
        }
    }

    @Test func dataThatHasChangedIsTold() throws {
        try folder.write(
            [
                [
                    "qry_text": "Which?", "qry_img_path": "", "tgt_text": ["cat", "dog"],
                    "tgt_img_path": ["", ""],
                ],
                [
                    "qry_text": "Which?", "qry_img_path": "a.png", "tgt_text": ["cat", "dog"],
                    "tgt_img_path": ["", ""],
                ],
                [
                    "qry_text": "Uneven", "qry_img_path": "", "tgt_text": ["cat", "dog", "cow"],
                    "tgt_img_path": ["a.png", "b.png"],
                ],
            ], to: "Set/test.jsonl")
        let contents = try SetContents("Set", of: .mmeb, data: folder.data, images: nil, roles: [])
        #expect(try contents.holds("Set#0", asking: "Which?"))
        #expect(try contents.holds("Set#1", asking: "Which? [a.png]"))
        #expect(try !contents.holds("Set#1", asking: "Which?"))
        #expect(try !contents.holds("Set#3", asking: "Which?"))
        #expect(throws: (any Error).self) { try contents.candidate("2", of: "Set#2") }
        // Of queries that ask something else by now nothing is known.
        var changed = [outcome(0, first: 1), outcome(1, first: 1)]
        #expect(try contents.confusions(changed, count: 5).map(\.count) == [2])
        changed[1].input = "Which?"
        #expect(try contents.confusions(changed, count: 5).isEmpty)
    }

    @Test func documentsAreReadByTheirIds() throws {
        try folder.write(
            (0..<5).map { ["corpus-id": "d\($0)", "title": "T\($0)", "text": "words"] },
            to: "Texts/corpus/a.jsonl")
        try folder.write(
            [["corpus-id": "e", "text": "other"]], to: "Texts/corpus/b.jsonl")
        try folder.write([["query-id": "q", "query": "what"]], to: "Texts/queries/a.jsonl")
        try folder.write(
            [["query-id": "q", "corpus-id": "e", "score": 1]], to: "Texts/qrels/a.jsonl")
        let contents = try SetContents(
            "Texts", of: .retrieval, data: folder.data, images: nil, roles: [.document])
        #expect(try contents.query("q")?.content == .text("what"))
        #expect(try contents.query("r") == nil)
        #expect(try contents.holds("q", asking: "what"))
        #expect(try !contents.holds("q", asking: "who"))
        let found = try #require(try contents.candidate("d3", of: "q"))
        #expect(found.content == .text("T3 words") && found.role == .document)
        #expect(try contents.candidate("e", of: "q")?.content == .text("other"))
        #expect(try contents.candidate("d9", of: "q") == nil)
        #expect(try contents.confusions([], count: 3).isEmpty)
    }

    @Test func aSetThatIsGoneIsNamed() {
        #expect(throws: EvaluationError.self) {
            try SetContents("Gone", of: .vidore, data: folder.data, images: nil, roles: [])
        }
    }
}
