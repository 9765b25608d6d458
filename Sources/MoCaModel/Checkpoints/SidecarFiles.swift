// The files of a model's folder other than config.json, weights and contract.

package import Foundation
import MoCaSystem

/// The names of these files, and copies of them. None is required here.
package enum SidecarFiles {
    /// The files that define tokens and pixels; they change with either.
    private static let settings = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "preprocessor_config.json", "processor_config.json",
    ]
    /// Other files that tokenizers and chat programs read; the ids in them do not change.
    private static let vocabulary = [
        "vocab.json", "merges.txt", "chat_template.json", "chat_template.jinja",
    ]
    private static let others = ["generation_config.json", "LICENSE", "NOTICE"]

    /// All files needed to turn text and images into model input.
    package static let processing = settings + vocabulary
    /// All files that do not change when tokens are added or pixel limits are set.
    package static let unchanging = vocabulary + others
    package static let all = settings + vocabulary + others

    /// Copies the files in `names` that exist in `source`.
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
