// Words that start with a mark, such as SentencePiece's mark of a space.

/// Finds words in text with marks.
struct WordMark: Sendable {
    /// The UTF-8 of U+2581, SentencePiece's mark of a space.
    static let space = Array("\u{2581}".utf8)

    /// The UTF-8 of the mark, which is one scalar.
    let bytes: [UInt8]
    /// Whether each of several marks in a row starts a word; otherwise the first one does.
    let isolatesMarks: Bool

    /// The end of the word that starts at `start`, which must be before the end of `text`.
    func wordEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var at = start
        while hasMark(text, at) {
            at += bytes.count
            if isolatesMarks { break }
        }
        while at < text.count, !hasMark(text, at) { at += 1 }
        return at
    }

    @inline(__always)
    private func hasMark(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
        guard at + bytes.count <= text.count, text[at] == bytes[0] else { return false }
        for i in 1..<bytes.count where text[at + i] != bytes[i] { return false }
        return true
    }
}
