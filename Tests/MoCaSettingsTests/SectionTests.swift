import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Testing

@testable import MoCaSettings

@Suite struct SectionTests {
    private enum Colour: String, CaseIterable { case red, blue }

    /// The problems that `read` finds in a text.
    private func problems(
        _ text: String, _ syntax: SettingsSyntax, _ read: (Section) -> Void
    ) throws -> [String] {
        let value =
            syntax == .yaml ? try JSON(yaml: text) : try JSON(parsing: Data(text.utf8))
        let context = SettingsContext(syntax)
        let section = Section(value, context)
        read(section)
        section.finish()
        return context.problems.map(\.description)
    }

    /// One text that is YAML and JSON, read by the same calls.
    @Test(arguments: [SettingsSyntax.yaml, .json])
    func bothSyntaxesGiveTheSameValues(syntax: SettingsSyntax) throws {
        let text =
            #"{"i": 3, "x": 0.5, "b": true, "s": "a", "l": ["p", "q"], "n": null, "m": {"k": 1}}"#
        let found = try problems(text, syntax) { section in
            #expect(section.integer("i", in: 1...3) == 3)
            #expect(section.number("x", .fraction) == 0.5)
            #expect(section.number("i") == 3)
            #expect(section.bool("b"))
            #expect(section.optionalString("s") == "a")
            #expect(section.strings("l") == ["p", "q"])
            #expect(section.integer("n", default: 7) == 7 && !section.has("n"))
            #expect(section.section("m").integer("k") == 1)
            #expect(section.optionalSection("absent") == nil)
        }
        #expect(found == [])
    }

    @Test func allProblemsAreCollected() throws {
        let text = """
            i: 4
            x: [1]
            colour: green
            path: ''
            l: {a: 1}
            lenght: 2
            inner: {wrong: 1}
            """
        let found = try problems(text, .yaml) { section in
            _ = section.integer("i", in: 1...3)
            _ = section.number("x")
            _ = section.optionalChoice("colour") as Colour?
            _ = section.bool("missing")
            _ = section.strings("l")
            _ = section.optionalString("path")
            _ = section.optionalInteger("length")
            _ = section.section("inner").has("right")
        }
        let known = "colour, i, inner, l, length, missing, path, x"
        #expect(
            found == [
                "i is '4', must be an integer in 1...3", "x must be a single value",
                "colour is 'green', must be one of red, blue",
                "missing is missing, must be true or false", "l must be a list of texts",
                "lenght is unknown, did you mean length? (known here: \(known))",
                "inner.wrong is unknown (known here: right)",
            ])
    }

    @Test func jsonSaysWhatItFound() throws {
        let found = try problems(#"{"i": "4", "x": [1], "m": 2, "l": [1, "a"]}"#, .json) {
            _ = $0.integer("i")
            _ = $0.number("x")
            _ = $0.section("m")
            _ = $0.strings("l")
        }
        #expect(
            found == [
                "i is \"4\", must be an integer", "x is a list of 1, must be a number",
                "m is 2, must be an object", "l has 1, must be a list of texts",
            ])
    }
}

@Suite struct JSONFormatTests {
    private struct Row: Codable {
        var b = "a/é\u{1}"
        var a = 1.0
        var list = [1, 2]
    }

    @Test func formatsAreFixed() throws {
        #expect(
            try JSONFormat.line.text(Row()) == #"{"a":1,"b":"a/é\u0001","list":[1,2]}"#)
        let indented =
            "{\n  \"a\" : 1,\n  \"b\" : \"a/é\\u0001\",\n  \"list\" : [\n    1,\n    2\n  ]\n}"
        #expect(try JSONFormat.indented.text(Row()) == indented)
        #expect(try JSONFormat.document.text(Row()) == indented + "\n")
        let tree = try JSON(parsing: JSONFormat.line.data(Row()))
        #expect(try JSONFormat.document.text(tree) == indented + "\n")
    }

    @Test func numbersThatAreNoneBecomeWordsOrErrors() throws {
        #expect(
            try JSONFormat.line.text([Double.nan, -.infinity], nonFinite: .words)
                == #"["nan","-inf"]"#)
        #expect(throws: EncodingError.self) { try JSONFormat.line.text([Double.nan]) }
    }

    /// Only the numbers become null, not a text that looks like one.
    @Test func numbersThatAreNoneBecomeNull() throws {
        struct Row: Encodable {
            var a = Double.nan
            var b = #":"\u0000""#
            var c = ["d": -Double.infinity]
        }
        #expect(
            try JSONFormat.line.text(Row(), nonFinite: .null)
                == #"{"a":null,"b":":\"\\u0000\"","c":{"d":null}}"#)
    }

    @Test func linesAndFingerprintsAreFixed() throws {
        #expect(
            try JSONFormat.lines([["b": "/"], ["a": "c"]])
                == Data("{\"b\":\"/\"}\n{\"a\":\"c\"}\n".utf8))
        #expect(try JSONFormat.lines([String]()).isEmpty)
        #expect(try JSONFormat.escapedLine.text(["b": "x/y", "a": ""]) == #"{"a":"","b":"x\/y"}"#)
    }

    @Test func aFileHasTheLayoutAskedFor() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "a.json")
            try AtomicFile.write(json: [1], as: .document, to: file)
            #expect(try String(contentsOf: file, encoding: .utf8) == "[\n  1\n]\n")
        }
    }

    @Test func decodingErrorsNameKeyAndReason() {
        func reason(_ text: String) -> String? {
            do {
                _ = try JSONDecoder().decode(Row.self, from: Data(text.utf8))
                return nil
            } catch {
                return (error as? DecodingError)?.reason
            }
        }
        #expect(reason(#"{"b": "x"}"#) == "the key 'a' is missing")
        #expect(reason(#"{"b": "x", "a": "y", "list": []}"#)?.hasPrefix("a: ") == true)
    }
}

@Suite struct YAMLTests {
    @Test func whatIsWrittenReadsBack() throws {
        let texts = [
            "a", "", " x ", "null", "~", "true", "1e3", "a: b", "{x}", "line\nline", "#", "'",
        ]
        let value = JSON.object(["list": .array(texts.map(JSON.string)), "null": .null])
        let text = try value.yaml()
        #expect(try JSON(yaml: text) == value, "\(text)")
    }
}
