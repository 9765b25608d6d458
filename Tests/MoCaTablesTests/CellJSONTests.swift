import Foundation
import MoCaSettings
import Testing
@testable import MoCaTables

@Suite struct CellJSONTests {
    private func parse(_ text: String) throws -> Cell { try Cell(json: Data(text.utf8)) }

    @Test func values() throws {
        let cases: [(String, Cell)] = [
            ("null", .null), ("true", .boolean(true)), ("-12", .integer(-12)), ("1.0", .number(1)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(0x1p63)),
            (
                #"{"a": [1, {"b": null}]}"#,
                .object(["a": .list([.integer(1), .object(["b": .null])])])
            ),
        ]
        for (text, value) in cases { #expect(try parse(text) == value, "\(text)") }
    }

    @Test func aKeyWrittenTwiceIsRefused() {
        #expect(throws: JSONFault(byte: 11, reason: "the key 'a' stands twice")) {
            try parse(#"{"a":1,"a":2}"#)
        }
        #expect(throws: JSONFault(byte: 3, reason: "something follows the value")) {
            try parse("{} x")
        }
    }
}
