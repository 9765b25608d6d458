import Foundation
import Testing

@testable import MoCaData

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> Cell { try JSONParser.parse(Data(text.utf8)) }

    @Test func values() throws {
        let cases: [(String, Cell)] = [
            (" null ", .null), ("true", .boolean(true)), ("[]", .list([])), ("{}", .object([:])),
            ("-12", .integer(-12)), ("1.0", .number(1)), ("1e3", .number(1000)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(0x1p63)),
            (#""a\n\u00e9\ud83d\ude00\/\"""#, .string("a\né😀/\"")), (#""\u0000""#, .string("\0")),
            (
                #"{"a": [1, {"b": null}]}"#,
                .object(["a": .list([.integer(1), .object(["b": .null])])])
            ),
        ]
        for (text, value) in cases { #expect(try parse(text) == value, "\(text)") }
    }

    @Test func failuresSayWhere() {
        let cases: [(String, String, Int)] = [
            ("", "the text ends too early", 1), ("{} x", "text after the value", 4),
            ("[1,]", "unexpected character", 4), ("{\"a\" 1}", "expected ':'", 6),
            ("{a: 1}", "expected a key in quotes", 2), ("[1 2]", "expected ',' or ']'", 4),
            ("{\"a\":1,\"a\":2}", "the key 'a' stands twice", 13),
            ("01", "text after the value", 2),
            ("\"a", "the text ends inside quotes", 3),
            ("\"\t\"", "a control character inside quotes", 2),
            ("\"\\q\"", "unknown escape", 4), ("\"\\ud800\"", "half a surrogate pair", 8),
            ("1e999", "the number is too large", 6), ("nul", "unexpected character", 1),
            ("-", "unexpected character", 2), ("1.", "expected a digit", 3),
            (String(repeating: "[", count: 200), "nested too deeply", 129),
        ]
        for (text, reason, column) in cases {
            #expect(
                throws: JSONParser.Failure(reason: reason, column: column), "\(text)"
            ) { try parse(text) }
        }
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Data([0x22, 0xff, 0x22])) }
    }
}
