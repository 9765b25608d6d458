// Token ids as readable text.

import MoCaProcessing
import MoCaTokenizer
import MoCaTraining

/// Turns token ids into chips; the tokens of one image are one chip.
struct TokenChips {
    private let tokenizer: Tokenizer
    private let specialIDs: Set<Int32>
    private let imageID: Int32?

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        specialIDs = Set(tokenizer.addedTokens.map(\.id))
        imageID = tokenizer.id(of: "<|image_pad|>")
    }

    /// The chips of an input: kept tokens, then truncated ones.
    func chips(_ input: SeenInput) -> [SampleCard.Chip] {
        let kept = runs(of: input.outline.ids, masked: input.maskedTokens).map { run in
            chip(run, isMasked: input.maskedTokens.contains(run.start))
        }
        let cut = runs(of: input.cut).map { run in
            var chip = chip(run, isMasked: false)
            chip.kind = .cut
            chip.note += ", cut off"
            return chip
        }
        return kept + cut
    }

    /// Runs of tokens with the sums of their contributions to the cosine.
    ///
    /// - Parameter greatest: the largest absolute contribution of a single token.
    func tokens(_ ids: [Int32], _ parts: [Float], greatest: Double) -> [HeatMap.Token] {
        runs(of: ids).map { run in
            let values = parts[run.start..<run.start + run.ids.count].map(Double.init)
            let sum = values.reduce(0, +)
            // The tokens of an image are tinted in the image.
            let level = isImage(run) || greatest == 0 ? 0 : sum / greatest
            return HeatMap.Token(
                text(of: run), value: sum, level: level, isSpecial: specialIDs.contains(run.ids[0]))
        }
    }

    /// The indices of image tokens.
    func imagePlaces(_ ids: [Int32]) -> [Int] { ids.indices.filter { ids[$0] == imageID } }

    /// The ids as text; the tokens of one image become a product.
    func ids(_ ids: [Int32]) -> String {
        runs(of: ids).flatMap { run in
            isImage(run) ? ["\(run.ids[0]) x \(run.ids.count)"] : run.ids.map { "\($0)" }
        }.joined(separator: " ")
    }

    /// A token, all tokens of an image, or tokens that only together form characters.
    private struct Run {
        var ids: [Int32]
        var start: Int
    }

    private func isImage(_ run: Run) -> Bool { run.ids[0] == imageID }

    private func runs(of ids: [Int32], masked: Set<Int> = []) -> [Run] {
        var (runs, place) = ([Run](), 0)
        while place < ids.count {
            let end =
                ids[place] == imageID
                ? ids[place...].firstIndex { $0 != imageID } ?? ids.count
                : characterEnd(ids, from: place, masked)
            runs.append(Run(ids: Array(ids[place..<end]), start: place))
            place = end
        }
        return runs
    }

    /// The maximum number of tokens that share a character.
    private static let tokensOfACharacterMax = 6

    /// The end of the shortest run of tokens, all masked or all not, that decodes to whole
    /// characters; if there is none, the end of one token.
    private func characterEnd(_ ids: [Int32], from place: Int, _ masked: Set<Int>) -> Int {
        let isMasked = masked.contains(place)
        for end in place + 1...min(place + Self.tokensOfACharacterMax, ids.count) {
            guard !specialIDs.contains(ids[end - 1]), masked.contains(end - 1) == isMasked else {
                break
            }
            if Self.isWhole(tokenizer.decode(ids[place..<end])) { return end }
        }
        return place + 1
    }

    private static func isWhole(_ text: String) -> Bool {
        !text.unicodeScalars.contains("\u{fffd}")
    }

    private func chip(_ run: Run, isMasked: Bool) -> SampleCard.Chip {
        let isOne = run.ids.count == 1 || isImage(run)
        var note =
            isOne
            ? "id \(run.ids[0])" : "ids \(run.ids.map(String.init).joined(separator: ", "))"
        if isMasked, let mask = tokenizer.maskTokenID { note += ", becomes \(mask)" }
        let kind: SampleCard.Chip.Kind =
            isMasked ? .masked : specialIDs.contains(run.ids[0]) ? .special : .text
        return SampleCard.Chip(text(of: run), note: note, kind: kind)
    }

    /// The text of the tokens; for a token that is part of a character, its spelling.
    private func text(of run: Run) -> String {
        if isImage(run) { return "\(tokenizer.decode([run.ids[0]])) x \(run.ids.count)" }
        let text = tokenizer.decode(run.ids)
        guard !text.isEmpty, Self.isWhole(text) else {
            return tokenizer.token(run.ids[0]) ?? "?"
        }
        // Makes line ends and tabs visible.
        return text.replacing("\n", with: "\u{21b5}\n").replacing("\t", with: "\u{21e5}")
    }
}
