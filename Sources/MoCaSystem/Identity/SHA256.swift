// SHA-256 (FIPS 180-4) of bytes as they come.

import Crypto
package import Foundation

/// The SHA-256 hash of what was added so far.
package struct SHA256: Sendable {
    private var state = Crypto.SHA256()

    /// The hash of no bytes.
    package init() {}

    /// Adds bytes.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    /// Adds the bytes of a value.
    package mutating func add(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// The hash of everything that was added, as 64 hexadecimal digits.
    package var hexadecimal: String {
        withBytes { bytes in
            bytes.map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }
    }

    /// Calls `body` with the 32 bytes of the hash of everything that was added.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        state.finalize().withUnsafeBytes(body)
    }
}
