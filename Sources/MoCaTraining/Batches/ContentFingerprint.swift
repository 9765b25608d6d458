// Hashes that identify equal contents, within a process and across processes.

import Foundation
import MoCaCore
import MoCaSystem

/// 64-bit content hashes that are equal in every process.
enum ContentFingerprint {
    /// Returns the hash of everything that the model sees.
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

    /// Returns the hash of the images or, for a content without images, of the text without
    /// surrounding white space.
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

    /// Returns the hash of names in their order.
    static func number(of names: [String]) -> Int {
        var hasher = ContentHasher()
        for name in names { hasher.add(name) }
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
