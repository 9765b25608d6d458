// Inspects one content by itself.

import Foundation
import MoCaCore
import MoCaData
import MoCaProcessing
import MoCaSystem

/// The inspection of one record's contents.
struct RecordInspection: Sendable {
    /// One content.
    struct Part: Sendable {
        var side: RecordPart.Side
        /// A hash of words and images' bytes: equal for contents of a pair with the same meaning.
        /// For pre-training records, a hash of all characters and the images' positions.
        var identity: UInt64
        /// The hashes by which evaluation texts are found; empty for a content with images.
        var textKeys: [UInt64] = []
    }

    var parts: [Part] = []
    var findings: [Finding] = []
    var truncated = Truncated()

    /// - Parameters:
    ///   - contents: The hashes of the images' bytes, for each part.
    ///   - meter: Counts tokens; nil if lengths are not checked.
    init(
        _ record: CheckedRecord, contents: [[ContentID]], meter: TokenMeter?,
        budget: RecordBudget?
    ) {
        var count = TokenCount()
        for (part, hashes) in zip(record.parts, contents) {
            let text = part.content.joinedText
            parts.append(Self.part(part, text: NormalizedText.make(text), hashes))
            inspectText(text, part, record.place)
            guard let meter else { continue }
            do {
                let outline = try meter.outline(part, subset: record.place.subset)
                note(outline, part.side, record.place, meter)
                count.add(TokenCount(outline))
            } catch {
                let reason = (error as? any UserFacingError)?.errorDescription ?? "\(error)"
                findings.append(
                    Finding(
                        .overLength, at: record.place, "\(part.side.rawValue): \(reason)",
                        severity: .error))
            }
        }
        if let budget, meter != nil, count.cost(budget.prices) > budget.tokens {
            findings.append(
                Finding(
                    .overBudget, at: record.place,
                    "it costs \(count.cost(budget.prices)) tokens of a batch's \(budget.tokens)"))
        }
        comparePairs(record)
    }

    /// The text with a marker at the position of each image.
    private static func exactText(of content: Content) -> String {
        content.segments.map { segment in
            if case .text(let text) = segment { text } else { "\u{fffc}" }
        }.joined()
    }

    private static func part(
        _ part: RecordPart, text: String, _ hashes: [ContentID]
    ) -> Part {
        var hasher = ContentHasher()
        hasher.add(part.side == .text ? exactText(of: part.content) : text)
        for hash in hashes { hasher.add(hash) }
        var keys: [UInt64] = []
        if hashes.isEmpty, !text.isEmpty {
            keys = [text, NormalizedText.tail(of: text)].compactMap { $0 }
                .map { ContentID(of: $0).short }
        }
        return Part(side: part.side, identity: hasher.id.short, textKeys: keys)
    }

    private mutating func inspectText(_ text: String, _ part: RecordPart, _ place: RecordPlace) {
        if part.content.images.isEmpty, text.allSatisfy(\.isWhitespace) {
            findings.append(
                Finding(.blankText, at: place, "\(part.side.rawValue) is nothing but space"))
        }
        for damage in TextDamage.found(in: text) {
            findings.append(
                Finding(
                    .encodingDamage, at: place,
                    "\(part.side.rawValue) has \(damage.count) x \(damage.damage.title): "
                        + "\"\(damage.excerpt)\""))
        }
    }

    private mutating func note(
        _ outline: InputOutline, _ side: RecordPart.Side, _ place: RecordPlace,
        _ meter: TokenMeter
    ) {
        let dropped = outline.truncated
        guard dropped.tokens > 0, let limit = meter.truncation?.maxLength else { return }
        truncated += dropped
        let images = dropped.images == 0 ? "" : " and \(dropped.images) images"
        findings.append(
            Finding(
                .overLength, at: place,
                "\(side.rawValue) has \(outline.ids.count + dropped.tokens) tokens, more than "
                    + "\(limit): truncation drops \(dropped.tokens) of them\(images)"))
    }

    private mutating func comparePairs(_ record: CheckedRecord) {
        if record.emptyNegativeCount > 0 {
            findings.append(
                Finding(
                    .emptyNegative, at: record.place,
                    "\(NumberText.counted(record.emptyNegativeCount, "negative")) "
                        + (record.emptyNegativeCount == 1 ? "has" : "have")
                        + " neither text nor image"))
        }
        guard let positive = parts.first(where: { $0.side == .positive }) else { return }
        let equal = parts.count { $0.side == .negative && $0.identity == positive.identity }
        if equal > 0 {
            findings.append(
                Finding(
                    .negativeEqualsPositive, at: record.place,
                    "\(equal) negatives are the positive (same words, same image bytes)"))
        }
    }
}

/// The largest cost of a pre-training record.
package struct RecordBudget: Sendable, Hashable {
    package var tokens: Int
    package var prices: TokenPrices

    package init(tokens: Int, prices: TokenPrices) {
        (self.tokens, self.prices) = (tokens, prices)
    }
}
