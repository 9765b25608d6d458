// Content to model input: prompt, tokens, image tokens, truncation, patches.

package import Foundation
package import MoCaCore
package import MoCaImage
package import MoCaModel
package import MoCaTokenizer
import Torch

/// Turns contents into model input. It has no mutable state: threads may share one.
package struct Processor: Sendable {
    package let tokenizer: Tokenizer
    package let images: ImagePreprocessor
    package let truncation: Truncation?
    private let rules: any InputRules
    private let refused: Set<Int32>

    /// Creates a processor and checks that its parts agree with the model.
    ///
    /// - Throws: `ProcessingError.tokensDisagree`, `.patchesDisagree`.
    package init(
        tokenizer: Tokenizer, images: ImagePreprocessor,
        configuration: any BackboneConfiguration, truncation: Truncation? = nil
    ) throws(ProcessingError) {
        (self.tokenizer, self.images, self.truncation) = (tokenizer, images, truncation)
        rules = configuration.inputRules
        refused = tokenizer.visionTokenIDs
        for (token, id) in rules.markers where tokenizer.id(of: token) != id {
            throw .tokensDisagree(
                token: token, tokenizer: tokenizer.id(of: token), configuration: id)
        }
        let (found, wanted) = (images.configuration, rules.patch)
        for (setting, found, wanted) in [
            ("patch_size", found.patchSize, wanted.size),
            ("temporal_patch_size", found.temporalPatchSize, wanted.frameCount),
            ("merge_size", found.mergeSize, wanted.mergeSize),
        ] where found != wanted {
            throw .patchesDisagree(setting: setting, processor: found, configuration: wanted)
        }
    }

    /// Reads the tokenizer and the image processor of a model's folder.
    ///
    /// - Throws: `TokenizerError`, `ImageError`, `ProcessingError`.
    package init(
        folder: URL, configuration: any BackboneConfiguration, budget: PixelBudget? = nil,
        truncation: Truncation? = nil
    ) throws {
        try self.init(
            tokenizer: Tokenizer(contentsOf: folder),
            images: ImagePreprocessor(configuration: .init(folder: folder, budget: budget)),
            configuration: configuration, truncation: truncation)
    }

    /// The tokens of a content. Only the headers of its images are read.
    ///
    /// - Throws: `TokenizerError.refusedToken` for an image token inside text, `ImageError`,
    ///   `ProcessingError.emptyInput`, `.tooLong` and `.beyondPositions`.
    package func outline(_ content: Content) throws -> InputOutline {
        var (ids, blocks, grids) = ([Int32](), [Range<Int>](), [ImageGrid]())
        for piece in Self.joiningTexts(content.segments) {
            switch piece {
            case .text(let text):
                ids += try tokenizer.encode(text, refusing: refused)
            case .image(let source):
                let header = try images.decoder.header(of: source)
                let grid = try images.grid(
                    width: header.width, height: header.height, name: source.name)
                let start = ids.count
                let count = rules.tokenCount(of: grid)
                // Checked before the tokens are made, because pixel limits may have any value.
                guard truncation != nil || count <= rules.maxPositions else {
                    throw ProcessingError.beyondPositions(
                        tokens: count, positions: rules.maxPositions)
                }
                ids += rules.imageBlock(tokenCount: count)
                blocks.append(start..<ids.count)
                grids.append(grid)
            }
        }
        let kept = try truncation?.keptCount(of: ids.count, blocks: blocks) ?? ids.count
        guard kept > 0 else { throw ProcessingError.emptyInput }
        guard kept <= rules.maxPositions else {
            throw ProcessingError.beyondPositions(tokens: kept, positions: rules.maxPositions)
        }
        let keptGrids = grids.prefix(blocks.prefix { $0.upperBound <= kept }.count)
        return InputOutline(
            ids: Array(ids.prefix(kept)), images: Array(content.images.prefix(keptGrids.count)),
            grids: Array(keptGrids),
            imageTokenCount: keptGrids.reduce(0) { $0 + rules.tokenCount(of: $1) },
            dropped: .init(tokens: ids.count - kept, images: grids.count - keptGrids.count))
    }

    /// Decodes the images of an outline, in their order.
    ///
    /// - Throws: `ImageError`, `ProcessingError.imageChanged`.
    package func patches(
        of outline: InputOutline, rule: SmallSideRule = .twoPass
    ) throws -> [ImagePatches] {
        try zip(outline.images, outline.grids).map { source, grid in
            let patches = try images.patches(of: source, rule: rule)
            guard patches.grid == grid else {
                throw ProcessingError.imageChanged(name: source.name)
            }
            return patches
        }
    }

    /// Consecutive texts become one text, as a user wrote them.
    private static func joiningTexts(_ segments: [Content.Segment]) -> [Content.Segment] {
        var joined: [Content.Segment] = []
        for segment in segments {
            if case .text(let text) = segment, case .text(let before)? = joined.last {
                joined[joined.count - 1] = .text(before + text)
            } else {
                joined.append(segment)
            }
        }
        return joined
    }
}
