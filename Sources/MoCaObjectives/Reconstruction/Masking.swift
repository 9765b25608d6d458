// Corruption of a batch (MoCa, section 3.1): masked text tokens are replaced by the mask token,
// masked patches by noise.
// Shapes: P patches, V values of a patch.

package import MoCaCore
package import MoCaModel
import Torch

/// The noise that replaces masked patches.
package enum PatchNoise: String, Sendable, Hashable, Codable, CaseIterable {
    /// An independent Gaussian vector for each patch (the paper).
    case perPatch = "per_patch"
    /// One Gaussian vector for all patches of a step (the released code: for those of a batch).
    case shared
}

/// Masks random text tokens and image patches of a batch.
package struct Masking: Sendable, Hashable {
    /// The masking settings of a recipe.
    package struct Settings: Sendable, Hashable {
        /// The probability that a text token is masked; special tokens never are.
        package var mlmRatio: Double
        /// The probability that an image token's patches are masked.
        package var maeRatio: Double
        package var noise: PatchNoise
        /// The final `mlmRatio` of the run, reached linearly; nil keeps it constant.
        package var mlmRatioEnd: Double?
        /// The final `maeRatio` of the run, reached linearly; nil keeps it constant.
        package var maeRatioEnd: Double?
        /// The mean length of masked text spans, geometrically distributed as in SpanBERT
        /// (arXiv 1907.10529); 1 masks tokens independently.
        package var spanLength = 1.0

        /// Creates settings; the defaults are those of the released code.
        package init(mlmRatio: Double = 0.4, maeRatio: Double = 0.5, noise: PatchNoise = .perPatch)
        {
            (self.mlmRatio, self.maeRatio, self.noise) = (mlmRatio, maeRatio, noise)
        }

        /// Returns the settings at a fraction of the run: 0 is the first step, 1 the last.
        package func at(_ progress: Double) -> Settings {
            var settings = self
            settings.mlmRatio += progress * ((mlmRatioEnd ?? mlmRatio) - mlmRatio)
            settings.maeRatio += progress * ((maeRatioEnd ?? maeRatio) - maeRatio)
            (settings.mlmRatioEnd, settings.maeRatioEnd) = (nil, nil)
            return settings
        }
    }

    /// The random streams of a batch.
    package struct Streams: Sendable, Hashable {
        /// One stream for each sequence, for its masks and the noise of its patches.
        package var sequences: [RandomSource]
        /// The stream of the noise that all patches share.
        package var shared: RandomSource

        package init(sequences: [RandomSource], shared: RandomSource) {
            (self.sequences, self.shared) = (sequences, shared)
        }

        /// Creates streams from one source, for batches that do not belong to a run.
        package init(_ count: Int, using random: inout RandomSource) {
            sequences = (0..<count).map { _ in RandomSource(seed: random.next()) }
            shared = RandomSource(seed: random.next())
        }

        /// Returns the stream of a sample in an epoch, which is independent of packing, microbatch
        /// and process.
        package static func sample(seed: UInt64, epoch: Int, name: String) -> RandomSource {
            RandomSource(seed: seed, name: "masking/\(epoch)/\(name)")
        }

        /// Returns the stream of the noise that all patches of a step share.
        package static func shared(seed: UInt64, step: Int) -> RandomSource {
            RandomSource(seed: seed, name: "noise/\(step)")
        }
    }

    package var settings: Settings
    /// The id that replaces masked tokens.
    package var maskToken: Int32
    /// The ids that are never masked.
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

    /// Corrupts packed sequences, each with its own random stream.
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

    /// Returns the patches with noise in the rows of each sequence's `groups`, and the original
    /// rows.
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

/// Decides token by token which part of a text run is masked. It is a two-state Markov chain with
/// masked spans of geometric length, in which each token is masked with probability `ratio`.
private struct SpanMask {
    private let ratio: Double
    /// The probability that a span ends with its token.
    private let end: Double
    /// The probability that a span begins at a token outside any span.
    private let start: Double
    /// Whether the preceding token is masked; nil at the beginning of a run.
    private var isMasked: Bool?

    init(ratio: Double, meanLength: Double) {
        (self.ratio, end) = (ratio, 1 / meanLength)
        // From ratio = ratio * (1 - end * (1 - start)) + (1 - ratio) * start.
        let rest = 1 - ratio + ratio * end
        start = rest == 0 ? 1 : ratio * end / rest
    }

    /// Returns whether the next token is masked; `uniform` is a random number in [0, 1).
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

    /// Ends the current run at a token that cannot be masked.
    mutating func interrupt() {
        isMasked = nil
    }
}
