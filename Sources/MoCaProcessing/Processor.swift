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
    private let markers: ImageMarkers
    /// The special tokens before and after each input.
    private let special: (prefix: [Int32], suffix: [Int32])
    private let refused: Set<Int32>

    /// Creates a processor and checks that its parts agree with the model.
    ///
    /// - Parameters:
    ///   - markers: the marker tokens around images.
    ///   - specialTokens: where the special tokens of the tokenizer's file go.
    /// - Throws: `ProcessingError.tokensDisagree`, `.patchesDisagree`.
    package init(
        tokenizer: Tokenizer, images: ImagePreprocessor,
        configuration: any BackboneConfiguration, truncation: Truncation? = nil,
        markers: ImageMarkers = .enclosed, specialTokens: SpecialTokenPlacement = .aroundInput
    ) throws(ProcessingError) {
        (self.tokenizer, self.images, self.truncation) = (tokenizer, images, truncation)
        self.markers = markers
        rules = configuration.inputRules
        special =
            specialTokens == .aroundInput && !rules.encodesTextsApart
            ? (tokenizer.specialTokenPrefix, tokenizer.specialTokenSuffix) : ([], [])
        refused = tokenizer.visionTokenIDs.union([rules.imageToken])
        for (token, id) in rules.markers where tokenizer.id(of: token) != id {
            throw .tokensDisagree(
                token: token, tokenizer: tokenizer.id(of: token), configuration: id)
        }
        let (found, wanted) = (images.configuration, rules.patch)
        for (setting, found, wanted) in [
            ("patch_size", found.patchSize, wanted.size),
            ("temporal_patch_size", found.temporalPatchSize, wanted.frameCount),
            ("merge_size", found.mergeSize, wanted.mergeSize),
            ("crop_size", found.fitting.tileSize ?? 0, rules.tileSize ?? 0),
            ("max_image_tiles", found.fitting.tileCountMax ?? 0, rules.tileCountMax ?? 0),
        ] where found != wanted {
            throw .patchesDisagree(setting: setting, processor: found, configuration: wanted)
        }
    }

    /// Reads the tokenizer and the image processor of a model's folder.
    ///
    /// - Parameter embedder: the rules for images and their markers.
    /// - Throws: `TokenizerError`, `ImageError`, `ProcessingError`.
    package init(
        folder: URL, configuration: any BackboneConfiguration, budget: PixelBudget? = nil,
        orientation: OrientationPolicy = .ignore, truncation: Truncation? = nil,
        embedder: EmbedderRules = .moca
    ) throws {
        var images = try ImageProcessorConfiguration(folder: folder, budget: budget)
        images.orientation = orientation
        try self.init(
            tokenizer: Tokenizer(contentsOf: folder),
            images: ImagePreprocessor(configuration: images, recipe: embedder.images),
            configuration: configuration, truncation: truncation, markers: embedder.markers,
            specialTokens: embedder.specialTokens)
    }

    /// The tokens of a content. Only the headers of its images are read.
    ///
    /// - Throws: `TokenizerError.refusedToken` for an image token inside text, `ImageError`,
    ///   `ProcessingError.emptyInput`, `.tooLong` and `.beyondPositions`.
    package func outline(_ content: Content) throws -> InputOutline {
        var (ids, blocks, plans) = (special.prefix, [Range<Int>](), [ImagePlan]())
        let pieces = Self.pieces(content.segments, keepsEmpty: rules.encodesTextsApart)
        for piece in pieces {
            switch piece {
            case .text(let text):
                ids += try tokenizer.encode(
                    text, startsInput: plans.isEmpty || rules.encodesTextsApart,
                    addingSpecialTokens: rules.encodesTextsApart, refusing: refused)
            case .image(let source):
                let plan = try plan(of: source)
                let start = ids.count
                ids += rules.imageBlock(tokenCount: rules.tokenCount(of: plan), markers)
                blocks.append(start..<ids.count)
                plans.append(plan)
            }
        }
        let hasText = pieces.contains {
            if case .text(let text) = $0 { !text.isEmpty } else { false }
        }
        guard hasText || !plans.isEmpty else { throw ProcessingError.emptyInput }
        let kept =
            try truncation?.keptCount(
                of: ids.count, blocks: blocks, reserving: special.suffix.count) ?? ids.count
        guard kept > special.prefix.count else { throw ProcessingError.emptyInput }
        let length = kept + special.suffix.count
        guard length <= rules.maxPositions else {
            throw ProcessingError.beyondPositions(tokens: length, positions: rules.maxPositions)
        }
        let keptPlans = plans.prefix(blocks.prefix { $0.upperBound <= kept }.count)
        return InputOutline(
            ids: ids.prefix(kept) + special.suffix,
            images: Array(content.images.prefix(keptPlans.count)), plans: Array(keptPlans),
            imageTokenCount: keptPlans.reduce(0) { $0 + rules.tokenCount(of: $1) },
            vectorCount: keptPlans.count * rules.vectorsAnImage,
            truncated: .init(tokens: ids.count - kept, images: plans.count - keptPlans.count))
    }

    /// What an image becomes. Only its header is read.
    private func plan(of source: ImageSource) throws -> ImagePlan {
        let header = try images.decoder.header(of: source)
        let plan = try images.plan(
            width: header.width, height: header.height, name: source.name)
        // Checked before the tokens are made, because pixel limits may have any value.
        let count = rules.tokenCount(of: plan)
        guard truncation != nil || count <= rules.maxPositions else {
            throw ProcessingError.beyondPositions(tokens: count, positions: rules.maxPositions)
        }
        return plan
    }

    /// Decodes the images of an outline, in their order.
    ///
    /// - Throws: `ImageError`, `ProcessingError.imageChanged`.
    package func patches(
        of outline: InputOutline, rule: SmallSideRule = .twoPass
    ) throws -> [ImagePatches] {
        try zip(outline.images, outline.plans).map { source, plan in
            let patches = try images.patches(of: source, rule: rule)
            guard patches.plan == plan else {
                throw ProcessingError.imageChanged(name: source.name)
            }
            return patches
        }
    }

    /// The segments, in which consecutive texts are one text, as a user wrote them.
    ///
    /// - Parameter keepsEmpty: whether there is a text, even an empty one, before, between and
    ///   after images.
    private static func pieces(
        _ segments: [Content.Segment], keepsEmpty: Bool
    ) -> [Content.Segment] {
        var pieces: [Content.Segment] = []
        for segment in segments {
            switch (segment, pieces.last) {
            case (.text(let text), .text(let before)?):
                pieces[pieces.count - 1] = .text(before + text)
            case (.image, .text?), (.text, _):
                pieces.append(segment)
            case (.image, _):
                pieces += keepsEmpty ? [.text(""), segment] : [segment]
            }
        }
        if keepsEmpty, case .image? = pieces.last { pieces.append(.text("")) }
        return pieces
    }
}
