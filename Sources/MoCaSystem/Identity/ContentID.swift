// One identity of contents, by their bytes.

package import Foundation

/// An identity of content: the first 128 bits of the SHA-256 of its parts.
///
/// Contents with equal identities are equal for all practical purposes.
package struct ContentID: Sendable, Hashable {
    /// The size of a stored identity, in bytes.
    package static let byteCount = 16

    package let value: UInt128

    /// Creates an identity from a stored value.
    package init(value: UInt128) {
        self.value = value
    }

    /// Creates the identity of one part.
    package init(of bytes: UnsafeRawBufferPointer) {
        var hasher = ContentHasher()
        hasher.add(bytes)
        self = hasher.id
    }

    /// Creates the identity of one part.
    package init(of bytes: some ContiguousBytes) {
        self = bytes.withUnsafeBytes { ContentID(of: $0) }
    }

    /// Creates the identity of one text.
    package init(of text: String) {
        var hasher = ContentHasher()
        hasher.add(text)
        self = hasher.id
    }

    /// The identity as 32 hexadecimal digits.
    package var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// 64 bits of the identity, for tables in memory in which a rare collision does no harm.
    package var short: UInt64 { UInt64(truncatingIfNeeded: value) }
}

/// Computes the identity of content that is added part by part.
///
/// Each part is hashed with its length, so that ("ab", "c") and ("a", "bc") differ.
package struct ContentHasher: Sendable {
    private var hash = SHA256()

    /// Creates a hasher without parts.
    package init() {}

    /// The identity of the parts added so far.
    package var id: ContentID {
        hash.withBytes { bytes in
            ContentID(value: UInt128(littleEndian: bytes.loadUnaligned(as: UInt128.self)))
        }
    }

    /// Adds a part.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.add($0) }
        hash.add(bytes)
    }

    /// Adds the bytes of a value as a part.
    package mutating func add(_ bytes: some ContiguousBytes) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// Adds a text as a part.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// Adds another identity as a part.
    package mutating func add(_ id: ContentID) {
        withUnsafeBytes(of: id.value.littleEndian) { add($0) }
    }
}
