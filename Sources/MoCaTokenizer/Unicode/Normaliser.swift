// The first stage: changes of text before it is split into words.

import MoCaSettings

/// `normalizer` of `tokenizer.json`: steps that are applied in order.
struct Normaliser: Sendable {
    /// One change of the text.
    enum Step: Sendable, Equatable {
        /// Unicode Normalization Form C.
        case nfc
        /// Puts a text before one that is not empty.
        case prepend([UInt8])
        /// Replaces each occurrence of a pattern, from left to right.
        case replace(pattern: [UInt8], content: [UInt8])
    }

    /// The steps; none leaves the text as it is.
    let steps: [Step]
    /// Whether text in Normalization Form C stays as it is.
    private let isNFC: Bool

    /// Calls `body` with the normalised text.
    @inline(__always)
    func withNormalised(
        _ text: UnsafeBufferPointer<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) rethrows {
        if steps.isEmpty || isNFC && CanonicalComposition.firstUnstable(text) == nil {
            try body(text)
        } else {
            try normalised(text).withUnsafeBufferPointer(body)
        }
    }

    /// The normalised text.
    func normalised(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        steps.reduce(Array(text)) { text, step in
            switch step {
            case .nfc:
                text.withUnsafeBufferPointer {
                    guard let first = CanonicalComposition.firstUnstable($0) else { return text }
                    return CanonicalComposition.normalised($0, firstUnstable: first)
                }
            case .prepend(let prefix):
                text.isEmpty ? text : prefix + text
            case .replace(let pattern, let content):
                text.replacingOccurrences(ofBytes: pattern, with: content)
            }
        }
    }
}

extension Normaliser {
    private enum Kind: String, CaseIterable {
        case nfc = "NFC"
        case prepend = "Prepend"
        case replace = "Replace"
    }

    /// Reads the stage; reports what is not supported.
    init(_ file: Section) {
        steps = StageReader.steps(of: file, "normalizer", list: "normalizers").compactMap { step in
            switch StageReader.kind(step, Kind.self) {
            case .nfc: .nfc
            case .prepend: .prepend(Array(StageReader.string(step, "prepend").utf8))
            case .replace:
                .replace(
                    pattern: StageReader.literal(step, "pattern"),
                    content: Array(StageReader.string(step, "content").utf8))
            case nil: nil
            }
        }
        isNFC = steps == [.nfc]
    }

    /// Whether the first character of every normalised text comes from the first one of the text,
    /// which the library's `prepend_scheme` "first" asks.
    var keepsStart: Bool {
        steps.allSatisfy { step in
            guard case .replace(let pattern, let content) = step else { return true }
            return UTF8Cursor.onlyScalar(pattern[...]) != nil && !content.isEmpty
        }
    }
}

extension [UInt8] {
    /// The bytes with each occurrence of `pattern` replaced, from left to right.
    ///
    /// - Precondition: `pattern` is not empty.
    func replacingOccurrences(ofBytes pattern: [UInt8], with content: [UInt8]) -> [UInt8] {
        guard contains(pattern[0]) else { return self }
        var out: [UInt8] = []
        out.reserveCapacity(count + count / 2)
        var at = 0
        while at < count {
            if self[at] == pattern[0], self[at...].starts(with: pattern) {
                out.append(contentsOf: content)
                at += pattern.count
            } else {
                out.append(self[at])
                at += 1
            }
        }
        return out
    }
}
