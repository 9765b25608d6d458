// Token ids as pieces of text that people can read.

import MoCaProcessing
import MoCaReport
import MoCaTokenizer
import MoCaTraining

/// Makes chips of ids; the tokens of one image are one chip.
struct TokenChips {
    private let tokenizer: Tokenizer
    private let specialIDs: Set<Int32>
    private let imageID: Int32?

    init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        specialIDs = Set(tokenizer.addedTokens.map(\.id))
        imageID = tokenizer.id(of: "<|image_pad|>")
    }

    /// What is shown of an input: kept tokens, then those that were cut off.
    func chips(_ input: SeenInput) -> [SampleCard.Chip] {
        let ids = input.outline.ids
        let kept = runs(of: ids).map { run in
            chip(run.id, count: run.count, isMasked: input.maskedTokens.contains(run.start))
        }
        let cut = runs(of: input.cut).map { run in
            var chip = chip(run.id, count: run.count, isMasked: false)
            chip.kind = .cut
            chip.note += ", cut off"
            return chip
        }
        return kept + cut
    }

    /// Ids as text; the tokens of one image as a product.
    func ids(_ ids: [Int32]) -> String {
        runs(of: ids).map { $0.count > 1 ? "\($0.id) x \($0.count)" : "\($0.id)" }
            .joined(separator: " ")
    }

    /// A token, or all tokens of an image.
    private struct Run {
        var id: Int32
        var start: Int
        var count: Int
    }

    private func runs(of ids: [Int32]) -> [Run] {
        var runs: [Run] = []
        for (place, id) in ids.enumerated() {
            if id == imageID, let last = runs.last, last.id == id {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(id: id, start: place, count: 1))
            }
        }
        return runs
    }

    private func chip(_ id: Int32, count: Int, isMasked: Bool) -> SampleCard.Chip {
        let text = text(of: id) + (count > 1 ? " x \(count)" : "")
        var note = "id \(id)"
        if isMasked, let mask = tokenizer.maskTokenID { note += ", becomes \(mask)" }
        let kind: SampleCard.Chip.Kind =
            isMasked ? .masked : specialIDs.contains(id) ? .special : .text
        return SampleCard.Chip(text, note: note, kind: kind)
    }

    /// The token's text; its spelling where it is a part of a character.
    private func text(of id: Int32) -> String {
        let text = tokenizer.decode([id])
        guard !text.isEmpty, !text.unicodeScalars.contains("\u{fffd}") else {
            return tokenizer.token(id) ?? "?"
        }
        // Line ends and tabs would not be seen.
        return text.replacing("\n", with: "\u{21b5}\n").replacing("\t", with: "\u{21e5}")
    }
}
