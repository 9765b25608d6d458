// The key that the vector of an input is kept under.

import Foundation
import MoCaCore
package import MoCaEmbedding

/// The digest under which a vector is kept.
package struct ContentKey: Sendable, Hashable {
    /// Bytes of a key on disk.
    static let byteCount = 16

    package let value: UInt128

    /// Hexadecimal digits.
    package var text: String { String(value, radix: 16) }

    /// A key that was kept.
    package init(value: UInt128) {
        self.value = value
    }

    /// The key of the same input in a window of inputs that are embedded together.
    package func within(_ window: Digest) -> ContentKey {
        var digest = window
        digest.add(text)
        return ContentKey(value: digest.value)
    }

    /// A digest of role, texts and images, copies of which are one; what prompt a role has belongs to `VectorConditions`.
    ///
    /// - Throws: an error of the file system, for an image file that is not there.
    package init(_ input: PromptedContent) throws {
        var digest = Digest()
        digest.add(input.role?.rawValue ?? "")
        for segment in input.content.segments {
            switch segment {
            case .text(let text):
                digest.add("text")
                digest.add(text)
            case .image(.encoded(let data, _)):
                digest.add("image")
                digest.add(data)
            case .image(.file(let url)):
                digest.add("image")
                digest.add(try Data(contentsOf: url, options: .mappedIfSafe))
            }
        }
        value = digest.value
    }
}
