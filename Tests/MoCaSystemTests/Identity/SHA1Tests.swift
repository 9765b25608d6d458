import Foundation
import MoCaSystem
import Testing

/// The examples of FIPS 180-4.
struct SHA1Tests {
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ])
    func examples(text: String, hash: String) {
        var sum = SHA1()
        sum.add(Data(text.utf8))
        #expect(sum.hexadecimal == hash)
    }
}
