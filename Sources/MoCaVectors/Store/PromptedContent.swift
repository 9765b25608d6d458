// One thing that is embedded, and its identity.

import Foundation
package import MoCaCore
package import MoCaEmbedding
package import MoCaSystem

/// A content and the prompt around it.
package struct PromptedContent: Sendable, Hashable {
    package let content: Content
    /// nil where the model has no prompt for it.
    package let role: Role?

    package init(content: Content, role: Role?) {
        (self.content, self.role) = (content, role)
    }
}

extension ContentID {
    /// The identity of role, texts and image bytes; the prompt that a role has belongs to
    /// `VectorConditions`.
    ///
    /// - Throws: an error of the file system, for an image file that does not exist.
    package init(_ input: PromptedContent) throws {
        var hasher = ContentHasher()
        hasher.add(input.role?.rawValue ?? "")
        for segment in input.content.segments {
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
        self = hasher.id
    }
}
