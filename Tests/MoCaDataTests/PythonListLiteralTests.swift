import Foundation
import Testing
@testable import MoCaData
@testable import MoCaTables

@Suite struct PythonListLiteralTests {
    /// `ast.literal_eval` over a table and over random texts.
    @Test func agreesWithPython() throws {
        let data = try Data(contentsOf: fixture("python-lists.json"))
        guard case .list(let cases) = try Cell(json: data) else { return }
        #expect(cases.count > 400)
        for entry in cases {
            guard case .list(let pair) = entry, case .string(let text) = pair[0] else {
                Issue.record("a case is a text and a list")
                continue
            }
            let found = pythonStringList(text).map { Cell.list($0.map { .string($0) }) } ?? .null
            #expect(found == pair[1], "\(text.debugDescription)")
        }
    }

    /// Thousands of names in a moment: each is looked up, not searched for.
    @Test(.timeLimit(.minutes(1))) func namesAreLookedUp() {
        let name = #"\N{MATHEMATICAL DOUBLE-STRUCK SMALL Z}"#
        let text = "['" + String(repeating: name, count: 20_000) + "']"
        #expect(pythonStringList(text) == [String(repeating: "\u{1d56b}", count: 20_000)])
    }

    @Test func negativesFollowTheStrictRule() throws {
        let location = RecordLocation(file: "x.jsonl", place: .line(1))
        typealias Entry = NegativeTable.Entry
        let cases: [(Cell, Cell, [Entry])] = [
            (.string(""), .string(""), []),
            (.null, .null, []),
            (.string("a"), .string(""), [Entry(text: "a", imagePath: "")]),
            (.string("[see above]"), .null, [Entry(text: "[see above]", imagePath: "")]),
            (.string("[1, 2]"), .null, [Entry(text: "[1, 2]", imagePath: "")]),
            (
                .string("['a', 'b']"), .string(""),
                [Entry(text: "a", imagePath: ""), Entry(text: "b", imagePath: "")]
            ),
            (
                .string("['a', 'b']"), .string("['', 'i.jpg']"),
                [Entry(text: "a", imagePath: ""), Entry(text: "b", imagePath: "i.jpg")]
            ),
            (
                .list([.string("a"), .string("['b']")]), .list([]),
                [Entry(text: "a", imagePath: ""), Entry(text: "['b']", imagePath: "")]
            ),
            (.string("[]"), .string("[]"), []),
            (.string("['']"), .string("['']"), []),
            (
                .string(""), .string("['i.jpg', 'j.jpg']"),
                [Entry(text: "", imagePath: "i.jpg"), Entry(text: "", imagePath: "j.jpg")]
            ),
        ]
        for (text, path, expected) in cases {
            let row = Row(
                ["qry": .string("q"), "neg_text": text, "neg_image_path": path], location: location)
            #expect(try NegativeTable.entries(of: ContrastiveRecord(row)) == expected)
        }
        let scored = Row(
            [
                "neg_text": .list([.string("a"), .string(""), .string("c")]),
                "neg_score": .list([.number(0.5), .integer(2), .null]), "pos_score": .integer(3),
            ], location: location)
        let record = try ContrastiveRecord(scored)
        #expect(record.positiveScore == 3)
        #expect(
            try NegativeTable.entries(of: record) == [
                Entry(text: "a", imagePath: "", score: 0.5), Entry(text: "c", imagePath: ""),
            ])
        let short = Row(
            ["neg_text": .list([.string("a"), .string("b")]), "neg_score": .number(1)],
            location: location)
        #expect(
            dataError { _ = try NegativeTable.entries(of: ContrastiveRecord(short)) }
                == .listsDiffer(location, columns: ["neg_text", "neg_score"], counts: [2, 1]))
        let unequal = Row(
            ["neg_text": .string("['a', 'b']"), "neg_image_path": .string("i.jpg")],
            location: location)
        #expect(
            dataError { _ = try NegativeTable.entries(of: ContrastiveRecord(unequal)) }
                == .listsDiffer(location, columns: ["neg_text", "neg_image_path"], counts: [2, 1]))
    }
}
