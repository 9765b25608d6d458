// One thing that a benchmark embeds, and the key that its vector is kept under.

import Foundation
import MoCaCore
import MoCaSearch

/// A content and the prompt around it.
struct EvaluationInput: Sendable, Hashable {
    let content: Content
    /// nil where the model has no prompt for it.
    let role: Role?
}

/// A digest of role, texts, encoded images, and of image files the path, the size and the time of
/// the last change.
struct ContentKey: Sendable, Hashable {
    /// Bytes of a key on disk.
    static let byteCount = 16

    let value: UInt128

    /// A key that was kept.
    init(value: UInt128) {
        self.value = value
    }

    /// - Throws: an error of the file system, for an image file that is not there.
    init(_ input: EvaluationInput) throws {
        var digest = Digest()
        digest.add(input.role?.rawValue ?? "")
        for segment in input.content.segments {
            switch segment {
            case .text(let text):
                digest.add("text")
                digest.add(text)
            case .image(.encoded(let data, _)):
                digest.add("image")
                digest.add(data)
            case .image(.file(let url)):
                let values = try url.resourceValues(
                    forKeys: [.fileSizeKey, .contentModificationDateKey])
                let changed = values.contentModificationDate?.timeIntervalSince1970 ?? 0
                digest.add("file")
                digest.add("\(url.path) \(values.fileSize ?? 0) \(changed)")
            }
        }
        value = digest.value
    }
}
