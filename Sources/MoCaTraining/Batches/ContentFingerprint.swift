// Numbers by which equal contents are found, also among processes.

import Foundation
import MoCaCore
import MoCaSystem

/// 64 bits of the identities of contents; the same in every process.
enum ContentFingerprint {
    /// The number of everything that the model sees.
    static func whole(_ content: Content) -> Int {
        var hasher = ContentHasher()
        for segment in content.segments {
            switch segment {
            case .text(let text):
                hasher.add("text")
                hasher.add(text)
            case .image(let source): add(source, to: &hasher)
            }
        }
        return number(hasher)
    }

    /// The number of the images, or, of a content without images, of the text without white space
    /// around it.
    static func target(_ content: Content) -> Int {
        var hasher = ContentHasher()
        let images = content.images
        for image in images { add(image, to: &hasher) }
        if images.isEmpty {
            let texts = content.segments.map { segment in
                if case .text(let text) = segment { text } else { "" }
            }
            hasher.add(texts.joined().trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return number(hasher)
    }

    private static func add(_ source: ImageSource, to hasher: inout ContentHasher) {
        switch source {
        case .file(let url):
            hasher.add("file")
            hasher.add(url.path)
        case .encoded(let data, _):
            hasher.add("image")
            hasher.add(data)
        }
    }

    private static func number(_ hasher: ContentHasher) -> Int {
        Int(truncatingIfNeeded: hasher.id.short)
    }
}
