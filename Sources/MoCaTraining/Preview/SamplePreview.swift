// Previews samples as the model sees them, for inspection before training; weights are not read.

import Foundation
package import MoCaCore
import MoCaData
package import MoCaImage
import MoCaModel
import MoCaObjectives
package import MoCaProcessing
package import MoCaTables
package import MoCaTokenizer
import Torch

/// An input of a sample as the model sees it.
package struct SeenInput: Sendable {
    /// The role of an input in its sample.
    package enum Side: Sendable, Hashable {
        /// The whole sample.
        case whole
        case query
        case positive
        /// A negative, counted from 1.
        case negative(Int)
    }

    package let side: Side
    /// Tokens and grids after prompt and truncation, before masking.
    package let outline: InputOutline
    /// The patches of each of its images, before masking.
    package let patches: [ImagePatches]
    /// The token ids that truncation removed.
    package let cut: [Int32]
    /// The indices in `outline.ids` that become the mask token.
    package fileprivate(set) var maskedTokens: Set<Int> = []
    /// The indices of the image tokens, over all images of the input, whose patches become noise.
    package fileprivate(set) var maskedGroups: [Int] = []
}

/// A sample, or the reason why a run could not use it.
package struct SeenSample: Sendable {
    package let id: SampleID
    package let inputs: [SeenInput]
    /// The reason why the sample cannot be used; nil if it can.
    package let problem: String?
}

/// Prepares samples as a run does, with its prompts, processor, truncation and masking.
///
///     let preview = try SamplePreview(PreviewSettings(recipe))
///     for sample in try preview.samples(count: 12, seed: 0) { ... }
package struct SamplePreview: Sendable {
    package let settings: PreviewSettings
    package let tokenizer: Tokenizer
    package let images: ImageProcessorConfiguration
    private let processor: Processor
    /// A processor that does not truncate.
    private let untruncated: Processor
    private let configuration: any BackboneConfiguration
    private let collator: Collator
    private let prompting: Prompting
    private let masking: Masking?

    /// Reads the model's small files.
    ///
    /// - Throws: An error of reading the configuration, the tokenizer or the image processor.
    package init(_ settings: PreviewSettings) throws {
        self.settings = settings
        let isPretraining = settings.stage == .pretrain
        let original = try Tokenizer(contentsOf: settings.model)
        tokenizer = isPretraining ? original.addingMaskToken() : original
        configuration = try PretrainedModel.configuration(of: settings.model)
        images = try ImageProcessorConfiguration(
            model: settings.model, minPixels: settings.pixels.min, maxPixels: settings.pixels.max,
            orientation: settings.orientation)
        let preprocessor = ImagePreprocessor(configuration: images)
        processor = try Processor(
            tokenizer: tokenizer, images: preprocessor, configuration: configuration,
            truncation: settings.truncation)
        untruncated = try Processor(
            tokenizer: tokenizer, images: preprocessor, configuration: configuration)
        collator = Collator(configuration, images)
        prompting = try Prompting(settings.prompts)
        masking = tokenizer.maskTokenID.flatMap { [tokenizer] maskToken in
            !isPretraining
                ? nil
                : Masking(
                    settings.masking, maskToken: maskToken,
                    specialTokens: tokenizer.visionTokenIDs.union(tokenizer.specialTokenIDs))
        }
    }

    /// Returns `count` random samples, spread evenly over the subsets.
    ///
    /// - Throws: `DataError` for a file; an invalid sample has a `problem` instead.
    package func samples(count: Int, seed: UInt64) throws -> [SeenSample] {
        switch settings.stage {
        case .pretrain:
            try samples(count, seed) { (sample: PretrainSample) in
                [(.whole, sample.content)]
            }
        case .finetune:
            try samples(count, seed) { (sample: ContrastiveSample) in contents(of: sample) }
        }
    }

    private func contents(of sample: ContrastiveSample) -> [(SeenInput.Side, Content)] {
        let subset = sample.id.subset
        let negatives = sample.negatives.prefix(settings.hardNegatives).enumerated().map {
            (SeenInput.Side.negative($0 + 1), prompting($1, .negative, subset: subset))
        }
        return [
            (.query, prompting(sample.query, .query, subset: subset)),
            (.positive, prompting(sample.positive, .positive, subset: subset)),
        ] + negatives
    }

    /// Returns the inputs of a record as in a run, without the pixels of their images.
    ///
    /// - Throws: An error that names the record.
    func outlines(
        of sample: ContrastiveSample
    ) throws -> [(side: SeenInput.Side, outline: InputOutline)] {
        try naming(sample.id) {
            try contents(of: sample).map { (side: $0, outline: try processor.outline($1)) }
        }
    }

    private func samples<Item: Sample>(
        _ count: Int, _ seed: UInt64, _ contents: (Item) -> [(SeenInput.Side, Content)]
    ) throws -> [SeenSample] {
        let catalog = try Catalog<Item>(
            folders: settings.folders, images: ImageStore(root: settings.images))
        return try Self.draw(count, of: catalog.shapes, seed: seed).map { id in
            do {
                let inputs = try contents(catalog.sample(id)).map { side, content in
                    try see(content, side, of: id, seed: seed)
                }
                return SeenSample(id: id, inputs: inputs, problem: nil)
            } catch let error as any UserFacingError {
                return SeenSample(id: id, inputs: [], problem: error.oneLine)
            }
        }
    }

    /// Returns the ids of random samples, subset by subset, without repetition.
    static func draw(_ count: Int, of shapes: [SubsetShape], seed: UInt64) -> [SampleID] {
        var counts = [Int](repeating: 0, count: shapes.count)
        var left = count
        while left > 0 {
            let open = shapes.indices.filter { counts[$0] < shapes[$0].rowCount }
            guard !open.isEmpty else { break }
            for subset in open.prefix(left) { counts[subset] += 1 }
            left -= min(left, open.count)
        }
        return zip(shapes, counts).flatMap { shape, count in
            let order = ShuffleOrder(
                count: shape.rowCount, seed: seed, epoch: 0, name: "preview/\(shape.name)")
            return (0..<count).map { SampleID(subset: shape.name, row: order[$0]) }
        }
    }

    private func see(
        _ content: Content, _ side: SeenInput.Side, of id: SampleID, seed: UInt64
    ) throws -> SeenInput {
        let outline = try processor.outline(content)
        let rule: SmallSideRule = settings.stage == .pretrain ? .onePass : .twoPass
        let patches = try processor.patches(of: outline, rule: rule)
        let isCut = outline.truncated.tokens > 0
        let cut = isCut ? try untruncated.outline(content).ids.dropFirst(outline.ids.count) : []
        var input = SeenInput(
            side: side, outline: outline, patches: patches, cut: Array(cut))
        guard let masking else { return input }
        // The masks of the first epoch of a run with this seed.
        let streams = Masking.Streams(
            sequences: [Masking.Streams.sample(seed: seed, epoch: 0, name: id.description)],
            shared: Masking.Streams.shared(seed: seed, step: 0))
        let batch = try masking.corrupt(
            [outline.sequence], pixels: collator.pixels([patches]), for: configuration,
            streams: streams)
        input.maskedTokens = Set(batch.maskedTokens)
        let imageToken = configuration.inputRules.imageToken
        let imageTokens = outline.ids.indices.filter {
            outline.ids[$0] == imageToken
        }
        let numbers = Dictionary(
            uniqueKeysWithValues: imageTokens.enumerated().map { ($1, $0) })
        input.maskedGroups = batch.maskedImageTokens.compactMap { numbers[$0] }
        return input
    }
}
