// The identity of an input, under which its vector is kept.

import Foundation
import MoCaCore
package import MoCaEmbedding
package import MoCaSystem

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
