// A content in a role.

package import MoCaCore
package import MoCaEmbedding

/// A content and the prompt around it.
package struct PromptedContent: Sendable, Hashable {
    package let content: Content
    /// nil where the model has no prompt for it.
    package let role: Role?

    package init(content: Content, role: Role?) {
        (self.content, self.role) = (content, role)
    }
}
