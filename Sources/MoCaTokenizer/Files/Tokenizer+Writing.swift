// The mask token of pre-training, and writing of tokenizer files.

package import Foundation
import MoCaSettings
import MoCaSystem

extension Tokenizer {
    /// The mask token that is added if the checkpoint has none.
    package static let maskToken = "<|mask|>"

    /// The tokenizer itself if it has a mask token; otherwise a copy with `<|mask|>` added as a
    /// special token with the next free id.
    package func addingMaskToken() -> Tokenizer {
        guard configuration.maskToken == nil else { return self }
        var copy = self
        copy.configuration.maskToken = Self.maskToken
        let id = added.nextID(Self.maskToken, definition.vocabulary)
        copy.added.add(AddedToken(special: Self.maskToken, id: id))
        copy.renewMatchers()
        return copy
    }

    /// Writes `tokenizer.json` and `tokenizer_config.json` into an existing folder, unchanged
    /// except for the tokens added since reading. Each file is written atomically.
    ///
    /// Throws `TokenizerError.unwritable`.
    package func write(to folder: URL) throws {
        let configuration = try editedConfiguration()
        for (name, data) in [
            ("tokenizer.json", editedDefinition()), ("tokenizer_config.json", configuration),
        ] {
            let url = folder.appending(path: name)
            do {
                try AtomicFile.write(data, to: url)
            } catch {
                throw TokenizerError.unwritable(
                    file: url.path, reason: error.fileReason)
            }
        }
    }

    private func editedDefinition() -> Data {
        let known = definition.addedTokens
        let entries = added.tokens.filter { known.token($0.content) == nil }
            .map { "{\"id\": \($0.id), \($0.jsonMembers)}" }
        guard !entries.isEmpty else { return files.definition }
        let list = entries.joined(separator: ", ")
        var data = files.definition
        guard let end = definition.addedTokensEnd else {
            // The field is missing, so it is inserted before the others.
            let start = (data.firstIndex(of: UInt8(ascii: "{")) ?? 0) + 1
            data.replaceSubrange(start..<start, with: Data("\"added_tokens\": [\(list)], ".utf8))
            return data
        }
        let lastByte = data[..<end].lastIndex { !" \t\r\n".utf8.contains($0) } ?? end - 1
        let isEmpty = data[lastByte] == UInt8(ascii: "[")
        let at = lastByte + 1
        data.replaceSubrange(at..<at, with: Data(((isEmpty ? "" : ", ") + list).utf8))
        return data
    }

    private func editedConfiguration() throws -> Data {
        let tree = try files.configurationTree()
        let ranges = try Self.memberRanges(of: files.configuration, at: 0)
        var edits: [(range: Range<Int>, text: String)] = []
        var newMembers: [String] = []
        if let mask = configuration.maskToken, !isMaskToken(tree["mask_token"], mask) {
            if let range = ranges["mask_token"] {
                edits.append((range, JSON.quoted(mask)))
            } else {
                newMembers.append("\"mask_token\": \(JSON.quoted(mask))")
            }
        }
        if tree["tokenizer_class"] == nil {
            let name = JSON.quoted(definition.defaultClass ?? "PreTrainedTokenizerFast")
            newMembers.append("\"tokenizer_class\": \(name)")
        }
        if case .object(let known)? = tree["added_tokens_decoder"],
            let start = ranges["added_tokens_decoder"]?.lowerBound
        {
            let entries = added.tokens.filter { known["\($0.id)"] == nil }
                .map { "\"\($0.id)\": {\($0.jsonMembers)}" }
            if !entries.isEmpty {
                let inner = try Self.memberRanges(of: files.configuration, at: start)
                let at = inner.values.map(\.upperBound).max() ?? start + 1
                let comma = known.isEmpty ? "" : ", "
                edits.append((at..<at, comma + entries.joined(separator: ", ")))
            }
        }
        var data = files.configuration
        if !newMembers.isEmpty, case .object(let members) = tree {
            let start = (data.firstIndex(of: UInt8(ascii: "{")) ?? 0) + 1
            let comma = members.isEmpty ? "" : ", "
            edits.append((start..<start, newMembers.joined(separator: ", ") + comma))
        }
        for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            data.replaceSubrange(edit.range, with: Data(edit.text.utf8))
        }
        return data
    }

    /// The byte range of each key's value in the object at `start`.
    private static func memberRanges(
        of data: Data, at start: Int
    ) throws -> [String: Range<Int>] {
        try data.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes.bindMemory(to: UInt8.self), from: start)
            return try scanner.memberRanges()
        }
    }

    private func isMaskToken(_ value: JSON?, _ mask: String) -> Bool {
        (value?.string ?? value?["content"]?.string)?.utf8.elementsEqual(mask.utf8) ?? false
    }
}
