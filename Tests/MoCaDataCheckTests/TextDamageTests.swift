import Foundation
import Testing

@testable import MoCaDataCheck

@Suite struct TextDamageTests {
    private func kinds(_ text: String) -> [String] {
        TextDamage.found(in: text).map { "\($0.damage.rawValue) \($0.count)" }
    }

    /// A text that was written as UTF-8 and read as Windows-1252.
    private func misread(_ text: String) -> String {
        let upper: [UInt8: Unicode.Scalar] = [
            0x80: "\u{20ac}", 0x82: "\u{201a}", 0x93: "\u{201c}", 0x94: "\u{201d}",
            0x98: "\u{2dc}", 0x99: "\u{2122}", 0x9c: "\u{153}", 0x9f: "\u{178}",
        ]
        return String(
            String.UnicodeScalarView(text.utf8.map { upper[$0] ?? Unicode.Scalar($0) }))
    }

    @Test func damageIsFound() {
        #expect(kinds("a\u{fffd}b\u{fffd}") == ["replacement 2"])
        #expect(kinds("a\0b") == ["nul 1"])
        #expect(kinds("a\u{1}b\u{7f}c\u{85}") == ["control 3"])
        #expect(kinds(#"half \ud83d of it"#) == ["surrogate 1"])
        #expect(kinds(#"\ude00"#) == ["surrogate 1"])
        #expect(kinds(misread("caf\u{e9}")) == ["mojibake 1"])
        #expect(kinds(misread("\u{201c}na\u{ef}ve\u{201d} \u{2014} \u{20ac}5")) == ["mojibake 5"])
        #expect(kinds(misread("\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}")) == ["mojibake 6"])
        #expect(kinds(misread("\u{65e5}\u{672c}")) == ["mojibake 2"])
        #expect(kinds(misread("\u{1f600}")) == ["mojibake 1"])
        #expect(kinds("\0\u{fffd}") == ["replacement 1", "nul 1"])
    }

    @Test func soundTextsAreNotDamaged() {
        let texts = [
            "plain\ttext\r\nof lines", "caf\u{e9} \u{c9}T\u{c9}\u{2122} S\u{c3}O", "C:\\users\\x",
            #"a pair \ud83d\ude00, and \u00e9"#, "\u{41f}\u{440}\u{438}",
            "\u{65e5}\u{672c}\u{1f600}",
            "\u{ab}\u{a0}\u{c0} bient\u{f4}t\u{a0}\u{bb}", "\u{c2}mes", "",
        ]
        for text in texts { #expect(kinds(text).isEmpty, "\(text)") }
    }

    @Test func excerptsShowThePlace() {
        let found = TextDamage.found(in: String(repeating: "x", count: 50) + "\u{fffd}" + "tail")
        #expect(found.first?.excerpt == "xxxxxxxxxxxx\u{fffd}tail")
    }

    @Test func normalisedTexts() {
        #expect(NormalizedText.make("  Two\t\nWORDS ") == "two words")
        #expect(NormalizedText.make("\u{fb01}ne\u{3000}\u{c9}T\u{c9}") == "fine \u{e9}t\u{e9}")
        #expect(NormalizedText.make("e\u{301}") == NormalizedText.make("\u{e9}"))
        #expect(
            NormalizedText.tail(of: "find it: a red ship in the harbour")
                == "a red ship in the harbour")
        #expect(NormalizedText.tail(of: "find it: a ship") == nil)
    }
}
