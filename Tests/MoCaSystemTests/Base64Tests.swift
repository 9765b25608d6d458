import Foundation
import Testing
@testable import MoCaSystem

/// Base64 in the spellings that data have.
struct Base64Tests {
    @Test(arguments: 0..<8)
    func everySpellingIsRead(count: Int) throws {
        // Bytes whose base64 has both characters that differ between the alphabets.
        let data = Data([0xfb, 0xff, 0xbf, 0xfa, 0x00, 0xfe, 0x7f].prefix(count))
        let padded = data.base64EncodedString()
        let plain = padded.replacing("=", with: "")
        for text in [padded, plain] {
            let safe = text.replacing("+", with: "-").replacing("/", with: "_")
            #expect(Data(base64Text: text) == data)
            #expect(Data(base64Text: safe) == data)
            #expect(Data(base64Text: text.prefix(4) + "\r\n" + text.dropFirst(4)) == data)
        }
    }

    @Test(arguments: ["A", "AAAAA", "AA A", "A===", "AA=A", "AAA\u{e9}", "====", "AA===", "{}"])
    func otherTextIsRefused(text: String) {
        #expect(Data(base64Text: text) == nil)
    }
}
