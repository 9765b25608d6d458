// Incremental SHA-1 (FIPS 180-4), by which Git names objects. It does not protect against attacks.

import Crypto
package import Foundation

/// The SHA-1 hash of the bytes added so far.
package struct SHA1: Sendable {
    private var state = Insecure.SHA1()

    /// Creates the hash of no bytes.
    package init() {}

    /// Adds bytes.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    /// Adds the bytes of a value.
    package mutating func add(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// The hash of all bytes added so far, as 40 hexadecimal digits.
    package var hexadecimal: String {
        state.finalize().map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
