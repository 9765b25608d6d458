// BPE tokenizers of the families of Qwen2, Llama and Mistral, equal to `tokenizers` 0.21.4.

package import Foundation
import MoCaCore
import MoCaSettings

/// A tokenizer read from the `tokenizer.json` of a checkpoint.
///
///     let tokenizer = try Tokenizer(contentsOf: checkpoint)
///     let ids = tokenizer.encode("Hello world")
///
/// Encoding finds added tokens, normalises the text between them, splits it into words, merges the
/// bytes or characters of each word, and adds special tokens if they are requested; each stage is
/// as the file defines it. It is safe to call from several threads at once.
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
        definition = try files.readDefinition()
        configuration = try TokenizerConfiguration(
            tree, file: files.configurationPath, defaultClass: definition.defaultClass)
        workspaces = EncodingWorkspacePool(definition)
        added = definition.addedTokens
        rawMatcher = AddedTokenMatcher([])
        normalisedMatcher = rawMatcher
        try addConfiguredTokens(tree)
        renewMatchers()
        try checkStart()
    }

    /// Checks that the text after an added token cannot be at the start of the input, which the
    /// library decides by the origin of each normalised character.
    private func checkStart() throws {
        guard definition.splitter.dependsOnStart, !definition.normaliser.steps.isEmpty,
            let token = added.tokens.first(where: \.isNormalised)
        else { return }
        throw TokenizerError.unsupported(
            file: files.definitionPath,
            problems: [
                SettingsProblem(
                    "pre_tokenizer.prepend_scheme",
                    "is \"first\", must be another one with a normalizer and the normalized "
                        + "added token \(JSON.quoted(token.content))")
            ])
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
        let normaliser = definition.normaliser
        // Of equal forms, the library prefers the special token.
        let tokens = added.tokens.filter(\.isSpecial) + added.tokens.filter { !$0.isSpecial }
        rawMatcher = AddedTokenMatcher(tokens.filter { !$0.isNormalised })
        normalisedMatcher = AddedTokenMatcher(tokens.filter(\.isNormalised)) { content in
            var content = content
            return content.withUTF8 { normaliser.normalised($0) }
        }
    }
}
