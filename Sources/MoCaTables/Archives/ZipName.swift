// The names of zip members, which are stored in UTF-8 or in the code page of old writers.

import Foundation

/// Decodes the stored names of zip members.
enum ZipName {
    /// Decodes a name: UTF-8 if the flag or the bytes indicate it, else code page 437, like Python's
    /// `zipfile` (APPNOTE 6.3.10, appendix D).
    static func decoded(_ bytes: some Collection<UInt8>, isUTF8: Bool) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        guard !isUTF8 else { return String(decoding: bytes, as: UTF8.self) }
        return String(
            bytes.map { $0 < 0x80 ? Character(UnicodeScalar($0)) : codePage437[Int($0) - 0x80] })
    }

    /// Characters 128 to 255 of code page 437.
    private static let codePage437 = Array(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
            + "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}")
}
