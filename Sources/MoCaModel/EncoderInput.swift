// The input of a backbone: sequences of tokens one after the other, without padding, and the
// patches of their images. All integers are precomputed: the forward pass never inspects token ids.
// Shapes: N sequences, T tokens of all of them, I images, P patches of all of them.

package import MoCaCore
package import Torch

/// A packed batch.
package struct EncoderInput: Sendable {
    /// The token ids `[T]`.
    package let ids: [Int32]
    /// The positions `[3, T]`, row-major: time, height, width.
    package let positions: [Int32]
    /// The sequence boundaries `[N + 1]`: sequence n is `sequenceStarts[n] ..< sequenceStarts[n +
    /// 1]`, never empty.
    package let sequenceStarts: [Int]
    /// The indices of the image tokens, ascending; one for each merged group of patches, or one for
    /// each image whose vectors are not part of the sequence.
    package let imageTokens: [Int]
    /// The number of vectors that each image has beside the sequence, for cross-attention.
    package let vectorsAnImage: Int
    /// The patches and tokens of the images `[I]`.
    package let plans: [ImagePlan]
    /// The image boundaries `[N + 1]`: sequence n has the images `imageStarts[n] ..< imageStarts[n
    /// + 1]`.
    package let imageStarts: [Int]
    /// The patches of all images; nil without images.
    package let pixels: PatchPixels?

    /// One sequence to pack.
    package struct Sequence: Sendable {
        package var ids: [Int32]
        package var plans: [ImagePlan]

        package init(ids: [Int32], plans: [ImagePlan]) {
            (self.ids, self.plans) = (ids, plans)
        }

        package init(ids: [Int32], grids: [ImageGrid] = []) {
            self.init(ids: ids, plans: grids.map { .grid($0) })
        }

        /// The grids of the images; those of another plan are left out.
        package var grids: [ImageGrid] { plans.compactMap(\.grid) }
        /// The number of patches of the images.
        package var patchCount: Int { plans.reduce(0) { $0 + $1.patchCount } }
    }

    /// Packs `sequences`; `pixels` contains the patches of all their images, in order.
    ///
    /// - Parameter rule: how tokens are numbered.
    /// - Throws: `ModelError` for a sequence without tokens or longer than the model's positions,
    ///   an id outside the vocabulary, image tokens that disagree with the images, and patches that
    ///   do not match them.
    package init(
        _ sequences: [Sequence], pixels: PatchPixels?,
        for configuration: any BackboneConfiguration, positions rule: PositionRule = .grids
    ) throws(ModelError) {
        let (rules, plans) = (configuration.inputRules, sequences.flatMap(\.plans))
        try Self.check(pixels, plans, rules)
        var (starts, ids) = ([0], [Int32]())
        for (number, sequence) in sequences.enumerated() {
            try Self.check(sequence.ids, number, rules)
            ids += sequence.ids
            starts.append(ids.count)
        }
        self.ids = ids
        positions = try rules.positions(of: sequences, rule)
        self.plans = plans
        self.pixels = pixels
        sequenceStarts = starts
        imageStarts = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.plans.count) }
        vectorsAnImage = rules.vectorsAnImage
        let imageToken = rules.imageToken
        imageTokens = ids.indices.filter { ids[$0] == imageToken }
    }

    /// Packs `sequences` with rows of `pixel_values`, float32
    /// `[P, channels * frames * side * side]`.
    ///
    /// - Throws: `ModelError`, as the other initialiser does.
    package init(
        _ sequences: [Sequence], pixelValues: Tensor?, for configuration: any BackboneConfiguration
    ) throws(ModelError) {
        try self.init(
            sequences, pixels: pixelValues.map { PatchPixels(values: $0) }, for: configuration)
    }

    /// Creates an input from consistent components, without checks.
    init(
        ids: [Int32], positions: [Int32], sequenceStarts: [Int], imageTokens: [Int],
        vectorsAnImage: Int = 0, plans: [ImagePlan], imageStarts: [Int], pixels: PatchPixels?
    ) {
        self.vectorsAnImage = vectorsAnImage
        self.ids = ids
        self.positions = positions
        self.sequenceStarts = sequenceStarts
        self.imageTokens = imageTokens
        self.plans = plans
        self.imageStarts = imageStarts
        self.pixels = pixels
    }

    /// The grids of the images; those of another plan are left out.
    package var grids: [ImageGrid] { plans.compactMap(\.grid) }
    /// The number of sequences, N.
    package var sequenceCount: Int { sequenceStarts.count - 1 }
    /// The number of tokens, T.
    package var tokenCount: Int { ids.count }
    /// The normalised patches, float32 `[P, channels * frames * side * side]`; nil without images.
    package var pixelValues: Tensor? { pixels?.values() }
    /// The patch boundaries `[I + 1]`: image i has the patches `patchStarts[i] ..< patchStarts[i +
    /// 1]`.
    package var patchStarts: [Int] {
        plans.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.patchCount) }
    }

    /// The token range of a sequence.
    package func tokens(of sequence: Int) -> Range<Int> {
        sequenceStarts[sequence]..<sequenceStarts[sequence + 1]
    }

    /// The image range of a sequence.
    package func images(of sequence: Int) -> Range<Int> {
        imageStarts[sequence]..<imageStarts[sequence + 1]
    }

    private static func check(
        _ ids: [Int32], _ number: Int, _ rules: any InputRules
    ) throws(ModelError) {
        let (rows, longest) = (rules.vocabularySize, rules.maxPositions)
        guard !ids.isEmpty else { throw .emptySequence(number: number) }
        guard ids.count <= longest else {
            throw .sequenceTooLong(number: number, length: ids.count, longest: longest)
        }
        let image = rules.imageToken
        if let id = ids.first(where: { ($0 < 0 && $0 != image) || Int($0) >= rows }) {
            throw .unknownToken(id: id, rows: rows)
        }
    }

    private static func check(
        _ pixels: PatchPixels?, _ plans: [ImagePlan], _ rules: any InputRules
    ) throws(ModelError) {
        for plan in plans { try rules.check(plan) }
        let patches = plans.reduce(0) { $0 + $1.patchCount }
        let expected = [patches, rules.patch.valueCount]
        let actual = pixels?.shape ?? [0, expected[1]]
        guard actual == expected else {
            throw .patchesDisagree(shape: actual, expected: expected)
        }
    }
}
