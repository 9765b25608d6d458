// A content and the role that selects its prompt.

package import MoCaCore

/// A content and its role, which selects the prompt around it.
package struct PromptedContent: Sendable, Hashable {
    package let content: Content
    /// The role; nil for no prompt.
    package let role: Role?

    package init(content: Content, role: Role?) {
        self.content = content
        self.role = role
    }

    /// Creates a content in a role, or without one if the model has no prompt for the role.
    ///
    /// - Parameter roles: the roles that the model has a prompt for.
    package init(content: Content, role: Role, prompted roles: some Sequence<Role>) {
        self.init(content: content, role: roles.contains(role) ? role : nil)
    }
}
