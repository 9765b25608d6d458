// The files of a model's folder beside config.json, weights and contract.

package import Foundation
import MoCaSystem

/// Names of such files, and copies of them. None is required here.
package enum CompanionFiles {
    /// What tokens and pixels are made with, in files that change with either.
    private static let settings = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "preprocessor_config.json", "processor_config.json",
    ]
    /// What tokenizers and chat programs read too; ids in them do not change.
    private static let vocabulary = [
        "vocab.json", "merges.txt", "chat_template.json", "chat_template.jinja",
    ]
    private static let others = ["generation_config.json", "LICENSE", "NOTICE"]

    /// All that turns text and images into a model's input.
    package static let processing = settings + vocabulary
    /// All that stays as it is when tokens are added or pixel limits are set.
    package static let unchanging = vocabulary + others
    package static let all = settings + vocabulary + others

    /// Copies those of `names` that `source` has.
    ///
    /// - Throws: `ModelError.cannotWrite`.
    package static func copy(_ names: [String], from source: URL, to target: URL) throws {
        for name in names {
            let file = source.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            let copy = target.appending(path: name)
            do {
                try AtomicFile.write(Data(contentsOf: file), to: copy)
            } catch {
                throw ModelError.cannotWrite(file: copy.path, reason: error.fileReason)
            }
        }
    }
}
