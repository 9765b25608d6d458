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

    /// Appends the bytes that `token`, in UTF-8, spells in the alphabet; the token itself if it
    /// contains a character outside the alphabet.
    static func appendBytes(of token: some Collection<UInt8>, to out: inout [UInt8]) {
        let start = out.count
        var lead: Int?
        for byte in token {
            var scalar = Int(byte)
            if let first = lead {
                scalar = (first & 0x1F) << 6 | scalar & 0x3F
                lead = nil
            } else if scalar >= 0x80 {
                // The alphabet ends at U+0143, whose UTF-8 starts with 0xC5.
                lead = scalar
                if scalar <= 0xC5 { continue }
            }
            guard lead == nil, scalar < bytes.count, bytes[scalar] != noByte else {
                out.removeSubrange(start...)
                out.append(contentsOf: token)
                return
            }
            out.append(UInt8(truncatingIfNeeded: bytes[scalar]))
        }
    }

    /// Appends the UTF-8 of the spelling of `bytes`.
    static func appendSpelling(of bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        for byte in bytes { UTF8Cursor.append(scalars[Int(byte)], to: &out) }
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
