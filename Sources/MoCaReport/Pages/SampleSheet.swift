// Training samples as cards of a page.

import Foundation
import MoCaCore
import MoCaData
import MoCaHub
import MoCaImage
import MoCaObjectives
import MoCaProcessing
import MoCaTables
import MoCaTokenizer
package import MoCaTraining

/// The page of `moca data show`.
package struct SampleSheet {
    package let preview: SamplePreview
    package let samples: [SeenSample]
    package let seed: UInt64

    package init(
        preview: SamplePreview,
        samples: [SeenSample],
        seed: UInt64
    ) {
        self.preview = preview
        self.samples = samples
        self.seed = seed
    }

    /// - Parameter source: the recipe or the folders.
    /// - Throws: `ImageError`, `ReportError`.
    package func report(source: String) throws -> Report {
        var sections = [
            ReportSection(
                "What is shown", lead: explanation, summary(source: source))
        ]
        for subset in subsets {
            let cards = try samples.filter { $0.id.subset == subset }.map(card)
            sections.append(ReportSection(subset, cards))
        }
        return Report(
            title: "Samples as the model sees them", subtitle: source, sections: sections,
            footer: "MoCa for Swift \(ProgramVersion.current)")
    }

    /// The names of the subsets in the order of the samples.
    private var subsets: [String] {
        samples.map(\.id.subset).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    private var explanation: String {
        let common =
            "Each coloured piece of text is one token, or several that only together make a "
            + "character; point at it for its id. Framed pieces are tokens that are not text, red "
            + "ones are cut off. Pictures have the pixels that go in."
        guard preview.settings.stage == .pretrain else { return common }
        return common
            + " Dark pieces become the mask token, grey patches become noise; every step of a run "
            + "draws others."
    }

    private func summary(source: String) -> Summary {
        let settings = preview.settings
        let inputs = samples.flatMap(\.inputs)
        let counts = inputs.map(\.outline.ids.count).sorted()
        let cut = inputs.count { !$0.cut.isEmpty }
        var figures = [
            Summary.Figure(
                "\(samples.count)", "samples",
                note: "of \(NumberText.counted(subsets.count, "subset"))")
        ]
        if let least = counts.first, let greatest = counts.last {
            figures.append(
                Summary.Figure(
                    "\(counts[counts.count / 2])", "tokens of an input (median)",
                    note: "\(least) to \(greatest)"))
            figures.append(
                Summary.Figure("\(cut)", "inputs cut off", note: "of \(inputs.count)"))
        }
        let unusable = samples.count { $0.problem != nil }
        if unusable > 0 { figures.append(Summary.Figure("\(unusable)", "samples of no use")) }
        let budget = preview.images.budget
        var lines: [Summary.Setting] = [
            .init("Stage", settings.stage.rawValue),
            .init("Model", HubSnapshot(settings.model)?.text ?? settings.model.path),
            .init("Pixels of an image", "\(budget.minPixels) to \(budget.maxPixels)"),
            .init(
                "Orientation of images",
                preview.images.orientation == .exif ? "applied" : "ignored, except TIFF's"),
            .init(
                "Longest input",
                settings.truncation.map { "\($0.maxLength) tokens (\($0.policy.rawValue))" }
                    ?? "not limited"),
        ]
        if settings.stage == .pretrain {
            lines.append(
                .init(
                    "Masked",
                    "\(settings.masking.mlmRatio) of text tokens, \(settings.masking.maeRatio) of "
                        + "image tokens"))
        }
        lines.append(.init("Seed", "\(seed)"))
        return Summary(figures: figures, settings: lines)
    }

    private func card(_ sample: SeenSample) throws -> SampleCard {
        SampleCard(
            sample.id.description, sides: try sample.inputs.map(side),
            problem: sample.problem ?? "")
    }

    private func side(_ input: SeenInput) throws -> SampleCard.Side {
        let outline = input.outline
        let images = outline.images.count
        var note = NumberText.counted(outline.ids.count, "token")
        if images > 0 {
            note += ", \(outline.imageTokenCount) of \(NumberText.counted(images, "image"))"
        }
        if !input.maskedTokens.isEmpty {
            note += ", \(input.maskedTokens.count) of the text masked"
        }
        let chips = TokenChips(preview.tokenizer)
        var side = SampleCard.Side(
            input.side.name, note: note, pictures: try pictures(input), chips: chips.chips(input))
        side.ids = chips.ids(outline.ids)
        if outline.truncated.tokens > 0 {
            side.warning = "\(NumberText.counted(outline.truncated.tokens, "token")) cut off"
        }
        if outline.truncated.images > 0 {
            side.warning += ", \(NumberText.counted(outline.truncated.images, "image")) with them"
        }
        return side
    }

    // MARK: Pictures

    /// The minimum side in pixels; smaller images are enlarged by an integer factor.
    private static let sideMin = 168
    /// The maximum pixel count of a lossless image; larger ones are JPEG to limit the page's size.
    private static let losslessPixelsMax = 1 << 19

    private func pictures(_ input: SeenInput) throws -> [SampleCard.Picture] {
        let outline = input.outline
        var firstGroup = 0
        return try zip(outline.images, input.patches).map { source, patches in
            let groups = patches.plan.tokenCount(mergeSize: preview.images.mergeSize)
            let range = firstGroup..<firstGroup + groups
            let masked = input.maskedGroups.filter(range.contains).map { $0 - firstGroup }
            firstGroup = range.upperBound
            let picture = PatchPicture(patches, settings: preview.images).covering(masked)
            let name = URL(fileURLWithPath: source.name).lastPathComponent
            return try self.picture(picture, name, groups: groups, masked: masked.count)
        }
    }

    private func picture(
        _ picture: PatchPicture, _ name: String, groups: Int, masked: Int
    ) throws -> SampleCard.Picture {
        let (grid, side) = (picture.grid, preview.images.patchSize)
        let (width, height) = (grid.w * side, grid.h * side)
        let scale = max(1, (Self.sideMin + max(width, height) - 1) / max(width, height))
        let image = picture.image(scale: scale)
        let isLossless = image.width * image.height <= Self.losslessPixelsMax
        var caption =
            "\(name): \(width) x \(height) pixels, \(grid.w) x \(grid.h) patches, "
            + NumberText.counted(groups, "token")
        if masked > 0 { caption += ", \(masked) masked" }
        if scale > 1 { caption += "; enlarged \(scale) times" }
        if !isLossless { caption += "; shown as JPEG" }
        let bytes = isLossless ? try image.png() : try image.jpeg(quality: 92)
        return SampleCard.Picture(
            try ReportImage(bytes, description: "\(name) as the model sees it"), caption: caption)
    }
}

extension SeenInput.Side {
    /// The name of the input on the page.
    fileprivate var name: String {
        switch self {
        case .whole: "Sample"
        case .query: "Query"
        case .positive: "Positive"
        case .negative(let number): "Negative \(number)"
        }
    }
}
