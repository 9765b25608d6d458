// Numbers of contents that are the same in every process: what is equal is found over all ranks.

import Foundation
import MoCaCore

/// Hashes of contents, 64 bits; SplitMix64 over 8 bytes at a time.
struct ContentFingerprint {
    private var state = UInt64(0)

    /// Of everything that the model sees.
    static func whole(_ content: Content) -> Int {
        var fingerprint = ContentFingerprint()
        for segment in content.segments {
            switch segment {
            case .text(let text):
                fingerprint.add(1)
                fingerprint.add(text)
            case .image(let source): fingerprint.add(source)
            }
        }
        return Int(truncatingIfNeeded: fingerprint.state)
    }

    /// Of the images, or without images of the text but for white space around it.
    static func target(_ content: Content) -> Int {
        var fingerprint = ContentFingerprint()
        let images = content.images
        for image in images { fingerprint.add(image) }
        if images.isEmpty {
            let texts = content.segments.map { segment in
                if case .text(let text) = segment { text } else { "" }
            }
            fingerprint.add(texts.joined().trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return Int(truncatingIfNeeded: fingerprint.state)
    }

    private mutating func add(_ source: ImageSource) {
        switch source {
        case .file(let url):
            add(2)
            add(url.path)
        case .encoded(let data, _):
            add(3)
            data.withUnsafeBytes { add($0) }
        }
    }

    private mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    private mutating func add(_ word: UInt64) {
        var mixed = RandomSource(seed: state ^ word)
        state = mixed.next()
    }

    private mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(bytes.count))
        let whole = bytes.count / 8 * 8
        for place in stride(from: 0, to: whole, by: 8) {
            add(bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        }
        guard whole < bytes.count else { return }
        var last = UInt64(0)
        withUnsafeMutableBytes(of: &last) {
            $0.copyBytes(from: UnsafeRawBufferPointer(rebasing: bytes[whole...]))
        }
        add(last)
    }
}
