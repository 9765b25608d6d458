// Byte-level BPE tokenizer of the Qwen2.5 family, equal to `tokenizers` 0.21.4.

package import Foundation
import MoCaSettings

/// A tokenizer read from the `tokenizer.json` of a checkpoint.
///
///     let tokenizer = try Tokenizer(contentsOf: checkpoint)
///     let ids = tokenizer.encode("Hello world")
///
/// Encoding splits at added tokens, normalises to NFC, splits into words, and merges the bytes of
/// each word. It is safe to call from several threads at once.
package struct Tokenizer: Sendable {
    /// The settings of `tokenizer_config.json`.
    package internal(set) var configuration: TokenizerConfiguration

    let files: TokenizerFiles
    let definition: TokenizerDefinition
    var added: AddedTokens
    private(set) var rawMatcher: AddedTokenMatcher
    private(set) var normalisedMatcher: AddedTokenMatcher
    let workspaces: EncodingWorkspacePool

    /// Reads `tokenizer.json`, and `tokenizer_config.json` beside it if it exists. `url` is a
    /// checkpoint's folder or a `tokenizer.json` file.
    ///
    /// Throws a `TokenizerError` that names file and field; no setting that would change ids is
    /// ignored.
    package init(contentsOf url: URL) throws {
        files = try TokenizerFiles(contentsOf: url)
        let tree = try files.configurationTree()
        configuration = try TokenizerConfiguration(tree, file: files.configurationPath)
        definition = try files.readDefinition()
        workspaces = EncodingWorkspacePool(definition.merges)
        added = definition.addedTokens
        rawMatcher = AddedTokenMatcher([])
        normalisedMatcher = rawMatcher
        try addConfiguredTokens(tree)
        renewMatchers()
    }

    /// Adds the tokens that occur only in `tokenizer_config.json`, as transformers does on loading.
    private mutating func addConfiguredTokens(_ tree: JSON) throws {
        guard case .object(let members)? = tree["added_tokens_decoder"] else {
            addSpecialTokens()
            return
        }
        let entries = members.compactMap { member in Int(member.key).map { ($0, member.value) } }
        for (id, entry) in entries.sorted(by: { $0.0 < $1.0 }) {
            guard let content = entry["content"]?.string else { continue }
            let known = added.token(content)?.id
            let expected = known ?? added.nextID(content, definition.vocabulary)
            guard id == Int(expected) else {
                throw TokenizerError.inconsistent(
                    file: files.configurationPath, field: "added_tokens_decoder",
                    reason: "\(JSON.quoted(content)) has the id \(id), expected \(expected)")
            }
            added.add(AddedToken(entry, content: content, id: expected))
        }
        addSpecialTokens()
    }

    private mutating func addSpecialTokens() {
        for content in configuration.specialTokens where added.token(content) == nil {
            let id = added.nextID(content, definition.vocabulary)
            added.add(AddedToken(special: content, id: id))
        }
    }

    /// Rebuilds the matchers from `added`.
    mutating func renewMatchers() {
        let usesNFC = definition.usesNFC
        rawMatcher = AddedTokenMatcher(added.tokens.filter { !$0.isNormalised })
        normalisedMatcher = AddedTokenMatcher(added.tokens.filter(\.isNormalised)) { content in
            var content = content
            return content.withUTF8 { text in
                guard usesNFC, let first = CanonicalComposition.firstUnstable(text) else {
                    return Array(text)
                }
                return CanonicalComposition.normalised(text, firstUnstable: first)
            }
        }
    }
}
