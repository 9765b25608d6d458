// GPT-2's byte alphabet: a printable character for each of the 256 bytes, as used in vocabularies.

/// The mapping between bytes and their characters in `tokenizer.json`.
enum ByteAlphabet {
    /// The last scalar of the alphabet.
    static let scalarMax: UInt32 = 0x143
    /// The value in `bytes` of a scalar that represents no byte.
    static let noByte: UInt16 = 0xFFFF

    /// The scalar of each byte.
    static let scalars: [UInt32] = {
        var free: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            let isPrintable =
                (33...126).contains(byte) || (161...172).contains(byte)
                || (174...255).contains(byte)
            if isPrintable { return byte }
            defer { free += 1 }
            return free
        }
    }()

    /// The byte of each scalar up to `scalarMax`, or `noByte`.
    static let bytes: [UInt16] = {
        var bytes = [UInt16](repeating: noByte, count: Int(scalarMax) + 1)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = UInt16(byte) }
        return bytes
    }()

    /// The bytes that `token` spells; nil if it contains a character outside the alphabet.
    static func bytes(of token: String) -> [UInt8]? {
        var out: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard scalar.value <= scalarMax, bytes[Int(scalar.value)] != noByte else { return nil }
            out.append(UInt8(bytes[Int(scalar.value)]))
        }
        return out
    }

    /// Appends the bytes that a token's UTF-8 spells. Returns false at a character outside the
    /// alphabet, after appending the bytes before it.
    static func appendBytes(
        spelledBy utf8: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]
    ) -> Bool {
        bytes.withUnsafeBufferPointer { alphabet in
            var at = 0
            while at < utf8.count {
                var scalar = Int(utf8[at])
                at += 1
                if scalar >= 0x80 {
                    guard scalar >= 0xC2, scalar <= 0xC5, at < utf8.count, utf8[at] & 0xC0 == 0x80
                    else { return false }
                    scalar = (scalar & 0x1F) << 6 | Int(utf8[at] & 0x3F)
                    at += 1
                }
                guard scalar < alphabet.count, alphabet[scalar] != noByte else { return false }
                out.append(UInt8(truncatingIfNeeded: alphabet[scalar]))
            }
            return true
        }
    }

    /// The spelling of `bytes` in the alphabet.
    static func spelling(of bytes: some Sequence<UInt8>) -> String {
        var out = String.UnicodeScalarView()
        for byte in bytes {
            out.append(UnicodeScalar(UInt16(scalars[Int(byte)])) ?? "\u{FFFD}")
        }
        return String(out)
    }
}
