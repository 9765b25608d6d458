import Foundation
import MoCaCore
import MoCaSystem
import Testing

/// The examples of FIPS 180-4, and the same bytes in other pieces.
struct SHA256Tests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func examples(text: String, hash: String) {
        for size in [1 << 20, 1, 63, 64, 65] where text.utf8.count < 1000 || size > 60 {
            var sum = SHA256()
            Array(text.utf8).withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: size) {
                    let piece = bytes[start..<min(start + size, bytes.count)]
                    sum.add(UnsafeRawBufferPointer(rebasing: piece))
                }
            }
            #expect(sum.hexadecimal == hash)
        }
    }
}
