// Heat maps of the similarity of two contents.

import Foundation
import MoCaCore
package import MoCaEmbedding
import MoCaImage
import MoCaProcessing

/// Makes heat maps of an embedder's matches.
package struct HeatMapMaker {
    private let embedder: Embedder
    private let pictures: ReportPictures
    private let chips: TokenChips

    package init(_ embedder: Embedder, pictures: ReportPictures) {
        (self.embedder, self.pictures) = (embedder, pictures)
        chips = TokenChips(embedder.processor.tokenizer)
    }

    /// A content and the name of its side of the heat map.
    package typealias Input = (name: String, content: PromptedContent)

    /// The heat map of two contents; their cosine is appended to its name.
    ///
    /// - Throws: the errors of `Embedder.match`, `ImageError`, `ReportError`.
    package func map(_ name: String, _ first: Input, _ second: Input) async throws -> HeatMap {
        let match = try await embedder.match(first.content, second.content)
        return HeatMap(
            "\(name): cosine \(NumberText.decimal(Double(match.cosine), digits: 4))",
            sides: [try side(first.name, match.first), try side(second.name, match.second)])
    }

    /// The maximum number of token runs that are shown individually.
    private static let tokenCountMax = 300

    private func side(_ name: String, _ side: TokenMatch.Side) throws -> HeatMap.Side {
        let greatest = side.contributions.map { abs(Double($0)) }.max() ?? 0
        let outline = side.outline
        var tokens = chips.tokens(outline.ids, side.contributions, greatest: greatest)
        if tokens.count > Self.tokenCountMax {
            let rest = tokens[Self.tokenCountMax...]
            tokens.removeSubrange(Self.tokenCountMax...)
            tokens.append(
                HeatMap.Token(
                    "\(rest.count) more", value: rest.reduce(0) { $0 + $1.value }, level: 0,
                    isSpecial: true))
        }
        var note = NumberText.counted(outline.ids.count, "token")
        if !outline.images.isEmpty { note += ", \(outline.imageTokenCount) of images" }
        note += ", strongest tint \(NumberText.decimal(greatest, digits: 4))"
        return HeatMap.Side(
            name, note: note, pictures: try drawn(side, greatest: greatest), tokens: tokens)
    }

    // MARK: Pictures

    /// Smaller images are enlarged by an integer factor, larger ones are reduced to `sideMax`
    /// pixels.
    private static let (sideMin, sideMax) = (224, 448)

    private func drawn(
        _ side: TokenMatch.Side, greatest: Double
    ) throws -> [SampleCard.Picture] {
        let outline = side.outline
        let settings = embedder.processor.images.configuration
        let mergeUnit = settings.mergeSize * settings.mergeSize
        var imageTokens = chips.imagePlaces(outline.ids)[...]
        return try zip(outline.images, side.patches).compactMap { source, patches in
            guard let grid = patches.grid else { return nil }
            let places = imageTokens.prefix(grid.patchCount / mergeUnit)
            imageTokens = imageTokens.dropFirst(places.count)
            let parts = places.map { Double(side.contributions[$0]) }
            let levels = parts.map { greatest > 0 ? $0 / greatest : 0 }
            let longest = max(grid.w, grid.h) * settings.patchSize
            let scale = max(1, (Self.sideMin + longest - 1) / longest)
            let image = PatchPicture(patches, settings: settings)
                .tinted(levels, scale: scale).thumbnail(side: Self.sideMax)
            let name = URL(fileURLWithPath: source.name).lastPathComponent
            let sum = NumberText.decimal(parts.reduce(0, +), digits: 4)
            let shown = try ReportImage(
                image.jpeg(quality: 88), description: "\(name), its tokens tinted")
            return pictures.admitted(shown).map {
                SampleCard.Picture(
                    $0,
                    caption: "\(name): \(grid.w / settings.mergeSize) x "
                        + "\(grid.h / settings.mergeSize) tokens, \(sum) in all")
            }
        }
    }
}
