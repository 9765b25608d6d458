// The key of a content, and of its vector.

import Foundation
package import MoCaCore
package import MoCaEmbedding

/// A digest of a content's texts and of the bytes of its images; equal contents have equal keys.
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

    /// Reads every image of a content.
    ///
    /// - Throws: an error of the file system, for an image file that is not there.
    package init(_ content: Content) throws {
        var digest = Digest()
        for segment in content.segments {
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

    /// The keys of several contents, which are read at the same time.
    ///
    /// - Throws: an error of the file system, for an image file that is not there.
    package static func keys(of contents: [Content]) async throws -> [ContentKey] {
        try await concurrentMap(contents) { content in
            Result { try ContentKey(content) }
        }.map { try $0.get() }
    }

    /// The key of the content in a role; the template of the role belongs to `VectorConditions`.
    package func adding(role: Role?) -> ContentKey { adding(role?.rawValue ?? "") }

    /// The key of the content with a text after it.
    package func adding(_ text: String) -> ContentKey {
        var digest = Digest()
        digest.add(self.text)
        digest.add(text)
        return ContentKey(value: digest.value)
    }

    /// The key of the same input in a window of inputs that are embedded together.
    package func within(_ window: Digest) -> ContentKey {
        var digest = window
        digest.add(text)
        return ContentKey(value: digest.value)
    }
}
