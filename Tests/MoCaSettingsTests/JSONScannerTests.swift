import Testing

@testable import MoCaSettings

@Suite struct JSONScannerTests {
    /// The whole of `text` as a tree.
    private func parse(_ text: some Collection<UInt8>) throws -> JSON {
        try Array(text).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            let tree = try scanner.value()
            try scanner.end()
            return tree
        }
    }

    /// `read` over the bytes of `text`.
    private func scan<Value>(
        _ text: String, _ read: (inout JSONScanner) throws -> Value
    ) throws -> Value {
        try Array(text.utf8).withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            return try read(&scanner)
        }
    }

    @Test func values() throws {
        let cases: [(String, JSON)] = [
            (" null ", .null), ("true", .bool(true)), ("[]", .array([])), ("{}", .object([:])),
            ("-12", .integer(-12)), ("1.0", .number(1)), ("1e3", .number(1000)),
            ("9223372036854775808", .number(0x1p63)),
            (#""a\n\u00e9\ud83d\ude00\/\"""#, .string("a\né😀/\"")), (#""\u0000""#, .string("\0")),
            (#"{"b": [1], "a": 2}"#, .object(["b": .array([.integer(1)]), "a": .integer(2)])),
        ]
        for (text, value) in cases { #expect(try parse(text.utf8) == value, "\(text)") }
    }

    @Test func objectsKeepTheirOrderAndPlaces() throws {
        let text = #"{"b": [1], "a": 2}"#
        #expect(try parse(text.utf8).object?.keys == ["b", "a"])
        #expect(try parse(text.utf8) == .object(["a": .integer(2), "b": .array([.integer(1)])]))
        #expect(try scan(text) { try $0.memberRanges() } == ["b": 6..<9, "a": 16..<17])
    }

    @Test func faultsSayWhere() {
        let cases: [(String, String, Int)] = [
            ("", "the text ends too early", 0), ("{} x", "something follows the value", 3),
            ("[1,]", "expected a value", 3), ("{\"a\" 1}", "expected ':'", 5),
            ("{a: 1}", "expected a key in quotes", 1), ("[1 2]", "expected ',' or ']'", 3),
            ("{\"a\":1 \"b\"", "expected ',' or '}'", 7),
            ("01", "something follows the value", 1), ("\"a", "the string does not end", 2),
            ("\"a\\", "the string does not end", 3),
            ("\"\t\"", "a control character inside a string", 1),
            ("\"\\q\"", "unknown escape", 2), ("\"\\ud800\"", "half of a surrogate pair", 3),
            ("\"\\ud800\\u0041\"", "half of a surrogate pair", 3),
            ("\"\\u12\"", "expected four hexadecimal digits", 5),
            ("1e999", "the number is too large", 0), ("nul", "expected a value", 0),
            ("-", "expected a value", 0), ("1.", "expected a digit", 2),
            ("+1", "expected a value", 0), ("NaN", "expected a value", 0),
            (String(repeating: "[", count: 200), "nested too deeply", 128),
        ]
        for (text, reason, byte) in cases {
            #expect(throws: JSONFault(byte: byte, reason: reason), "\(text)") {
                try parse(text.utf8)
            }
        }
        #expect(throws: JSONFault(byte: 1, reason: "the text is not UTF-8")) {
            try parse([0x22, 0xff, 0x22])
        }
    }

    @Test func whatIsPassedOverIsCheckedAlike() {
        for text in ["[1,]", "{\"a\": \"\\q\"}", "[[1e999]]", String(repeating: "[", count: 200)] {
            #expect(throws: JSONFault.self, "\(text)") { try scan(text) { try $0.skipValue() } }
        }
        #expect(throws: Never.self) {
            try scan(#"{"a": [1, "x", {"b": null}], "a": true} "#) {
                try $0.skipValue()
                try $0.end()
            }
        }
    }

    @Test func integersAreWholeAndPlain() throws {
        #expect(try scan("[0, -7, 9223372036854775807]") { try $0.integers() } == [0, -7, .max])
        for text in ["1.0", "1e2", "-0", "00", "x", "\"1\""] {
            #expect(throws: JSONFault(byte: 0, reason: "expected an integer"), "\(text)") {
                try scan(text) { try $0.integer() }
            }
        }
        #expect(
            throws: JSONFault(
                byte: 0, reason: "the number 9223372036854775808 is too large")
        ) { try scan("9223372036854775808") { try $0.integer() } }
    }

    @Test func aKeyWrittenTwiceIsRefused() throws {
        #expect(throws: JSONFault(byte: 14, reason: "the key 'a' stands twice")) {
            try parse(#"{"a": 1, "a": 2}"#.utf8)
        }
        #expect(try scan(#"{"a": "b", "c": ""}"#) { try $0.stringMap() } == ["a": "b", "c": ""])
        #expect(throws: JSONFault(byte: 15, reason: "the key 'a' stands twice")) {
            try scan(#"{"a": "b", "a": "c"}"#) { try $0.stringMap() }
        }
    }

    /// Whatever bytes come, reading and passing over agree: a value, or the same fault.
    @Test func randomBytesAreReadOrRefused() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\":,\\u0123eE+-. tfn\u{0}é".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0..<24, using: &random)
            let text = (0..<length).map { _ in alphabet.randomElement(using: &random)! }
            let read = Result { try parse(text) }
            let passed = Result {
                try text.withUnsafeBufferPointer { bytes in
                    var scanner = JSONScanner(bytes)
                    try scanner.skipValue()
                    try scanner.end()
                }
            }
            switch (read, passed) {
            case (.success, .success): break
            case (.failure(let fault as JSONFault), .success):
                #expect(fault.reason.hasSuffix("stands twice"), "\(text)")
            case (.failure(let one as JSONFault), .failure(let other as JSONFault)):
                #expect(one == other, "\(text)")
            default: Issue.record("read and passed over differently: \(text)")
            }
        }
    }
}
