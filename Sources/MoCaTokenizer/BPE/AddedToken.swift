// A token that is matched in the text before the model is applied.

import MoCaSettings

/// An entry of `added_tokens`. Tokens with the same content are the same token, whatever their
/// flags.
package struct AddedToken: Sendable, Hashable {
    /// The text to match.
    package let content: String
    /// The token's id.
    package let id: Int32
    /// Whether `skipSpecialTokens` omits the token from decoded text.
    package let isSpecial: Bool
    /// Whether the token includes the spaces before it.
    package let stripsLeft: Bool
    /// Whether the token includes the spaces after it.
    package let stripsRight: Bool
    /// Whether the token is matched only where it is not adjacent to word characters.
    package let isSingleWord: Bool
    /// Whether the token is matched in the normalised text instead of the raw one.
    package let isNormalised: Bool
}

extension AddedToken {
    /// Creates a token from an entry with `content` and the five flags. A missing flag is false,
    /// except that `normalized` defaults to the opposite of `special`, as in the `tokenizers`
    /// library.
    init(_ value: JSON, content: String, id: Int32) {
        self.content = content
        self.id = id
        isSpecial = value["special"]?.bool ?? false
        stripsLeft = value["lstrip"]?.bool ?? false
        stripsRight = value["rstrip"]?.bool ?? false
        isSingleWord = value["single_word"]?.bool ?? false
        isNormalised = value["normalized"]?.bool ?? !isSpecial
    }

    /// Creates a special token that is matched in raw text, such as a mask token.
    init(special content: String, id: Int32) {
        self.init(.object(["special": .bool(true)]), content: content, id: id)
    }

    /// The token's JSON members that follow `"id"`, without braces.
    var jsonMembers: String {
        """
        "content": \(JSON.quoted(content)), "single_word": \(isSingleWord), \
        "lstrip": \(stripsLeft), "rstrip": \(stripsRight), "normalized": \(isNormalised), \
        "special": \(isSpecial)
        """
    }
}
