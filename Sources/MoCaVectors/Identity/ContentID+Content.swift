// Identities of contents and of their vectors.

import Foundation
package import MoCaCore
import MoCaEmbedding
package import MoCaSystem

extension ContentID {
    /// The identity of a content's texts, image bytes and instruction. Reads every image.
    ///
    /// - Throws: an error of the file system, for an image file that does not exist.
    package init(_ content: Content) throws {
        var hasher = ContentHasher()
        for segment in content.segments {
            switch segment {
            case .text(let text):
                hasher.add("text")
                hasher.add(text)
            case .image(.encoded(let data, _)):
                hasher.add("image")
                hasher.add(data)
            case .image(.file(let url)):
                hasher.add("image")
                hasher.add(try Data(contentsOf: url, options: .mappedIfSafe))
            }
        }
        if content.isArranged, content.hasImages { hasher.add("arranged") }
        if let instruction = content.instruction {
            hasher.add("instruction")
            hasher.add(instruction)
        }
        self = hasher.id
    }

    /// The identities of several contents, which are read in parallel.
    ///
    /// - Throws: an error of the file system, for an image file that does not exist.
    package static func ids(of contents: [Content]) async throws -> [ContentID] {
        try await parallelMap(contents) { try ContentID($0) }
    }

    /// The identity of the content in a role; the role's template is part of `VectorConditions`.
    package func adding(role: Role?) -> ContentID { adding(role?.rawValue ?? "") }

    /// The identity of the content followed by a text.
    package func adding(_ text: String) -> ContentID {
        var hasher = ContentHasher()
        hasher.add(self)
        hasher.add(text)
        return hasher.id
    }
}
