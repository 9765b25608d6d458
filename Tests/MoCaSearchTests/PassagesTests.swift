import Testing
@testable import MoCaSearch

/// Where texts are cut.
struct PassagesTests {
    @Test(
        arguments: [
            ("", []), (" \n\n\t\n", []), ("one", ["one"]),
            ("one\n\ntwo", ["one\n\ntwo"]),
            ("one two\nthree\r\n \r\nfour five", ["one two\nthree", "four five"]),
            ("aaaa bbbb cccc dddd eeee", ["aaaa bbbb cccc", "dddd eeee"]),
            ("abcdefghijklmnopqrstuvwxyz", ["abcdefghijklmnop", "qrstuvwxyz"]),
            ("日本語\n\nтекст\n\nnaïve", ["日本語\n\nтекст", "naïve"]),
        ] as [(String, [String])])
    func cuts(_ text: String, _ passages: [String]) {
        #expect(Passages(characterCountMax: 16)(text) == passages)
    }

    @Test func noPassageIsOverTheLimit() {
        let words = (0..<500).map { String(repeating: "x", count: $0 % 40 + 1) }
        let passages = Passages(characterCountMax: 24)(words.joined(separator: " "))
        #expect(passages.allSatisfy { (1...24).contains($0.count) })
        let letters = passages.joined().filter { $0 == "x" }.count
        #expect(letters == words.joined().count)
    }
}
