// A token outside the model, matched in the text before everything else.

import MoCaSettings

/// An entry of `added_tokens`. Equality of contents, not of flags, makes two the same token.
package struct AddedToken: Sendable, Hashable {
    /// The text that is matched.
    package let content: String
    /// Its id.
    package let id: Int32
    /// Whether `skipSpecialTokens` leaves it out of decoded text.
    package let isSpecial: Bool
    /// Whether the spaces before it belong to it.
    package let stripsLeft: Bool
    /// Whether the spaces after it belong to it.
    package let stripsRight: Bool
    /// Whether it is matched only where no part of a word touches it.
    package let isSingleWord: Bool
    /// Whether it is matched in the normalised text instead of the raw one.
    package let isNormalised: Bool
}

extension AddedToken {
    /// The token of an entry that has `content` and the five flags; a missing flag is
    /// false, but `normalized` is then the opposite of `special`, as in the `tokenizers` library.
    init(_ value: JSON, content: String, id: Int32) {
        self.content = content
        self.id = id
        isSpecial = value["special"]?.bool ?? false
        stripsLeft = value["lstrip"]?.bool ?? false
        stripsRight = value["rstrip"]?.bool ?? false
        isSingleWord = value["single_word"]?.bool ?? false
        isNormalised = value["normalized"]?.bool ?? !isSpecial
    }

    /// A special token that is matched as it stands, such as a mask token.
    init(special content: String, id: Int32) {
        self.init(.object(["special": .bool(true)]), content: content, id: id)
    }

    /// The members of the token as JSON, braces aside, after `"id"`.
    var jsonMembers: String {
        """
        "content": \(JSON.quoted(content)), "single_word": \(isSingleWord), \
        "lstrip": \(stripsLeft), "rstrip": \(stripsRight), "normalized": \(isNormalised), \
        "special": \(isSpecial)
        """
    }
}
