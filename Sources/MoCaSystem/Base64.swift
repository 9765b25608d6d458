// Base64 as it is found in data: in both alphabets, with and without padding.

package import Foundation

extension Data {
    /// Decodes base64 (RFC 4648, sections 4 and 5): in the standard or the URL-safe alphabet, padded or
    /// not, in one line or several. Returns nil for other text.
    package init?(base64Text text: some StringProtocol) {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"): continue
            default: plain.append(byte)
            }
        }
        // Foundation takes any number of signs of padding, anywhere.
        let padding = UInt8(ascii: "=")
        let content = plain.firstIndex(of: padding) ?? plain.count
        let missing = (4 - content % 4) % 4
        let given = plain[content...]
        guard missing < 3, given.allSatisfy({ $0 == padding }),
            given.isEmpty || given.count == missing
        else { return nil }
        plain += [UInt8](repeating: padding, count: missing - given.count)
        self.init(base64Encoded: Data(plain))
    }
}
