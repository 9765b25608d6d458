// Corruption of a batch (MoCa, section 3.1): text tokens become the mask token, patches noise.
// Shapes: P patches, V values of a patch.

package import MoCaCore
package import MoCaModel
import Torch

/// The noise that masked patches are replaced by.
package enum PatchNoise: String, Sendable, Hashable, Codable, CaseIterable {
    /// A fresh Gaussian vector for every patch (the paper).
    case perPatch = "per_patch"
    /// One Gaussian vector for all patches of a step (the released code: of a batch).
    case shared
}

/// How much of a batch is masked, and how.
package struct Masking: Sendable, Hashable {
    /// What a recipe decides.
    package struct Settings: Sendable, Hashable {
        /// The probability that a text token is masked; special tokens never are.
        package var mlmRatio: Double
        /// The probability that an image token's patches are masked.
        package var maeRatio: Double
        package var noise: PatchNoise
        /// The ratios at the end of the run, reached along a line; nil: they stay.
        package var mlmRatioEnd: Double?
        package var maeRatioEnd: Double?
        /// The mean length of masked spans of text (SpanBERT, arXiv 1907.10529, draws their
        /// lengths from a geometric distribution too); 1 masks each token by itself.
        package var spanLength = 1.0

        /// The ratios of the released code.
        package init(mlmRatio: Double = 0.4, maeRatio: Double = 0.5, noise: PatchNoise = .perPatch)
        {
            (self.mlmRatio, self.maeRatio, self.noise) = (mlmRatio, maeRatio, noise)
        }

        /// The settings at a part of the run, 0 at its first step and 1 at its last.
        package func at(_ progress: Double) -> Settings {
            var settings = self
            settings.mlmRatio += progress * ((mlmRatioEnd ?? mlmRatio) - mlmRatio)
            settings.maeRatio += progress * ((maeRatioEnd ?? maeRatio) - maeRatio)
            (settings.mlmRatioEnd, settings.maeRatioEnd) = (nil, nil)
            return settings
        }
    }

    /// Where the random numbers of a batch come from.
    package struct Streams: Sendable, Hashable {
        /// One a sequence: of its masks and of the noise in its patches.
        package var sequences: [RandomSource]
        /// Of the noise that all patches share.
        package var shared: RandomSource

        package init(sequences: [RandomSource], shared: RandomSource) {
            (self.sequences, self.shared) = (sequences, shared)
        }

        /// Streams drawn from one, for batches that belong to no run.
        package init(_ count: Int, using random: inout RandomSource) {
            sequences = (0..<count).map { _ in RandomSource(seed: random.next()) }
            shared = RandomSource(seed: random.next())
        }

        /// The stream of one sample in one epoch: the same whatever it is packed with, in which
        /// part of a step, and on which of several processes.
        package static func sample(seed: UInt64, epoch: Int, name: String) -> RandomSource {
            RandomSource(seed: seed, name: "masking/\(epoch)/\(name)")
        }

        /// The stream of what the patches of a step share.
        package static func shared(seed: UInt64, step: Int) -> RandomSource {
            RandomSource(seed: seed, name: "noise/\(step)")
        }
    }

    package var settings: Settings
    /// The id that masked tokens become.
    package var maskToken: Int32
    /// Ids that are never masked.
    package var specialTokens: Set<Int32>

    package init(_ settings: Settings, maskToken: Int32, specialTokens: Set<Int32>) {
        self.settings = settings
        (self.maskToken, self.specialTokens) = (maskToken, specialTokens)
    }

    /// Corrupts packed sequences; `pixels` has the patches of all their images.
    ///
    /// - Throws: `ModelError`, as `EncoderInput` does.
    package func corrupt(
        _ sequences: [EncoderInput.Sequence], pixels: PatchPixels?,
        for configuration: any BackboneConfiguration, using random: inout RandomSource
    ) throws(ModelError) -> ReconstructionBatch {
        try corrupt(
            sequences, pixels: pixels, for: configuration,
            streams: Streams(sequences.count, using: &random))
    }

    /// Corrupts packed sequences, each by its own stream.
    ///
    /// - Throws: `ModelError`, as `EncoderInput` does.
    package func corrupt(
        _ sequences: [EncoderInput.Sequence], pixels: PatchPixels?,
        for configuration: any BackboneConfiguration, streams: Streams
    ) throws(ModelError) -> ReconstructionBatch {
        precondition(streams.sequences.count == sequences.count, "a stream a sequence")
        let rules = configuration.inputRules
        let imageToken = rules.imageToken
        var corrupted = sequences
        var random = streams.sequences
        var (tokens, targets) = ([Int](), [Int32]())
        var imageTokens: [Int] = []
        var groups = [[Int]](repeating: [], count: sequences.count)
        var (place, group) = (0, 0)
        for number in corrupted.indices {
            var spans = SpanMask(ratio: settings.mlmRatio, meanLength: settings.spanLength)
            for index in corrupted[number].ids.indices {
                let id = corrupted[number].ids[index]
                if id == imageToken {
                    spans.interrupt()
                    if Double(random[number].uniform()) < settings.maeRatio {
                        imageTokens.append(place)
                        groups[number].append(group)
                    }
                    group += 1
                } else if specialTokens.contains(id) {
                    spans.interrupt()
                } else if spans.next(Double(random[number].uniform())) {
                    tokens.append(place)
                    targets.append(id)
                    corrupted[number].ids[index] = maskToken
                }
                place += 1
            }
        }
        var rest = Streams(sequences: random, shared: streams.shared)
        let covered = cover(groups, of: pixels, mergeUnit: rules.patch.mergeUnit, &rest)
        return ReconstructionBatch(
            input: try EncoderInput(corrupted, pixels: covered.pixels, for: configuration),
            maskedTokens: tokens, tokenTargets: targets, maskedImageTokens: imageTokens,
            targetPatches: covered.originals)
    }

    /// The patches with noise in the rows of each sequence's `groups`, and those rows as they were.
    private func cover(
        _ groups: [[Int]], of pixels: PatchPixels?, mergeUnit: Int, _ streams: inout Streams
    ) -> (pixels: PatchPixels?, originals: PatchPixels?) {
        guard var pixels, groups.contains(where: { !$0.isEmpty }) else { return (pixels, nil) }
        let rows = groups.map { $0.flatMap { $0 * mergeUnit..<($0 + 1) * mergeUnit } }
        let all = Array(rows.joined())
        let originals = pixels.originals(at: all)
        switch settings.noise {
        case .shared:
            let row = Tensor.normal([1, pixels.valueCount], using: &streams.shared)
            pixels.noise = .shared(row, rows: all)
        case .perPatch:
            pixels.noise = .independent(
                rows.enumerated().filter { !$1.isEmpty }.map { number, rows in
                    (rows: rows, seed: streams.sequences[number].next())
                })
        }
        return (pixels, originals)
    }
}

/// Which tokens of a run of text are masked, decided one by one: a chain of two states whose masked
/// runs grow by spans of geometric length, and whose share of masked tokens is the ratio everywhere.
private struct SpanMask {
    private let ratio: Double
    /// The probability that a span ends with its token.
    private let end: Double
    /// The probability that a span begins at a token that no span reaches.
    private let start: Double
    /// Whether the token before is masked; nil at the beginning of a run.
    private var isMasked: Bool?

    init(ratio: Double, meanLength: Double) {
        (self.ratio, end) = (ratio, 1 / meanLength)
        // From ratio = ratio * (1 - end * (1 - start)) + (1 - ratio) * start.
        let rest = 1 - ratio + ratio * end
        start = rest == 0 ? 1 : ratio * end / rest
    }

    /// Whether the next token is masked; `uniform` is a random number in [0, 1).
    mutating func next(_ uniform: Double) -> Bool {
        let probability =
            switch isMasked {
            case nil: ratio
            case true?: 1 - end * (1 - start)
            case false?: start
            }
        isMasked = uniform < probability
        return uniform < probability
    }

    /// A token that cannot be masked parts two runs.
    mutating func interrupt() {
        isMasked = nil
    }
}
