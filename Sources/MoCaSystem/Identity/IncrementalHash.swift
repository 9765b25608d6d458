// Incremental SHA-256 and SHA-1 (FIPS 180-4).

package import Crypto
package import Foundation

/// SHA-256.
package typealias SHA256 = IncrementalHash<Crypto.SHA256>

/// SHA-1, by which Git names objects. It does not protect against attacks.
package typealias SHA1 = IncrementalHash<Crypto.Insecure.SHA1>

/// The hash of the bytes added so far.
package struct IncrementalHash<Function: HashFunction>: Sendable {
    private var state = Function()

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

    /// The hash of all bytes added so far, as two hexadecimal digits for each of its bytes.
    package var hexadecimal: String {
        state.finalize().map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// Calls `body` with the bytes of the hash of all bytes added so far.
    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        state.finalize().withUnsafeBytes(body)
    }
}
