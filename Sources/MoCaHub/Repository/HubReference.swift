// The name of a repository of the Hugging Face Hub.

import Foundation

/// A repository of the Hub at a revision.
package struct HubReference: Sendable, Hashable {
    /// The type of a repository.
    package enum Kind: String, Sendable, CaseIterable {
        case dataset, model
    }

    /// The revision of a repository if none is named.
    package static let defaultRevision = "main"

    package let kind: Kind
    /// The name, such as `Qwen/Qwen2.5-VL-3B-Instruct`.
    package let name: String
    /// A branch, a tag or a commit.
    package let revision: String

    package init(kind: Kind, name: String, revision: String = Self.defaultRevision) {
        self.kind = kind
        self.name = name
        self.revision = revision
    }

    /// Reads the name of a model, `ORG/NAME` or `ORG/NAME@REVISION`; nil if the text is none.
    package init?(model text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let revision = parts.count > 1 ? String(parts[1]) : Self.defaultRevision
        guard Self.isName(name), Self.isRevision(revision) else { return nil }
        self.init(kind: .model, name: name, revision: revision)
    }

    /// The name with the revision, unless it is the default one.
    package var text: String {
        revision == Self.defaultRevision ? name : "\(name)@\(revision)"
    }

    /// This repository at another revision.
    package func at(_ revision: String) -> HubReference {
        HubReference(kind: kind, name: name, revision: revision)
    }

    /// The full hash of a commit if the revision is one.
    package var commit: String? { Self.isCommit(revision) ? revision : nil }

    /// Whether a text is the full hash of a commit: 40 hexadecimal digits.
    package static func isCommit(_ text: String) -> Bool {
        text.utf8.count == 40 && text.wholeMatch(of: /[0-9a-f]+/) != nil
    }

    /// The Hub's own rules: two parts of letters, digits, `-`, `_` and `.`.
    private static func isName(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count <= 193 else { return false }
        return parts.allSatisfy { part in
            part.wholeMatch(of: /[A-Za-z0-9_](?:[A-Za-z0-9._\-]*[A-Za-z0-9_])?/) != nil
                && !part.contains("--") && !part.contains("..")
        }
    }

    /// A revision becomes a path below `refs`, so that it must not lead elsewhere.
    private static func isRevision(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._\-+\/]*/) != nil
            && !text.contains("..") && !text.contains("//") && !text.hasSuffix("/")
    }
}
