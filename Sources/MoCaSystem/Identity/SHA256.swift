// Incremental SHA-256 (FIPS 180-4).

import Crypto
package import Foundation

/// The SHA-256 hash of the bytes added so far.
package struct SHA256: Sendable {
    private var state = Crypto.SHA256()

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

    /// The hash of all bytes added so far, as 64 hexadecimal digits.
    package var hexadecimal: String {
        withBytes { bytes in
            bytes.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }
    }

    /// Calls `body` with the 32 bytes of the hash of all bytes added so far.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        state.finalize().withUnsafeBytes(body)
    }
}
