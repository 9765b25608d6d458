// What a backbone eats: sequences of tokens one after the other, without padding, and the patches
// of their images. All integers are ready: the forward pass never looks at token ids.
// Shapes: N sequences, T tokens of all of them, I images, P patches of all of them.

package import MoCaCore
package import Torch

/// A packed batch.
package struct EncoderInput: Sendable {
    /// `[T]`
    package let ids: [Int32]
    /// `[3, T]`, row after row: time, height, width.
    package let positions: [Int32]
    /// `[N + 1]`: sequence n is `sequenceStarts[n] ..< sequenceStarts[n + 1]`, never empty.
    package let sequenceStarts: [Int]
    /// Where the image tokens stand, in order; as many as there are merged groups of patches.
    package let imageTokens: [Int]
    /// `[I]`
    package let grids: [ImageGrid]
    /// `[N + 1]`: sequence n has the images `imageStarts[n] ..< imageStarts[n + 1]`.
    package let imageStarts: [Int]
    /// The patches of all images; nil without images.
    package let pixels: PatchPixels?

    /// One sequence to pack.
    package struct Sequence: Sendable {
        package var ids: [Int32]
        package var grids: [ImageGrid]

        package init(ids: [Int32], grids: [ImageGrid] = []) {
            (self.ids, self.grids) = (ids, grids)
        }
    }

    /// Packs `sequences`; `pixels` has the patches of all their images, in order.
    ///
    /// - Throws: `ModelError` for a sequence without tokens or longer than the model's positions, an
    ///   id outside the vocabulary, image tokens that disagree with the grids, and patches that do
    ///   not fit the grids.
    package init(
        _ sequences: [Sequence], pixels: PatchPixels?, for configuration: any BackboneConfiguration
    ) throws(ModelError) {
        let (rules, grids) = (configuration.inputRules, sequences.flatMap(\.grids))
        try Self.check(pixels, grids, rules.patch)
        var (starts, ids) = ([0], [Int32]())
        for (number, sequence) in sequences.enumerated() {
            try Self.check(sequence.ids, number, rules)
            ids += sequence.ids
            starts.append(ids.count)
        }
        self.ids = ids
        positions = try rules.positions(of: sequences)
        self.grids = grids
        self.pixels = pixels
        sequenceStarts = starts
        imageStarts = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.grids.count) }
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

    /// Takes parts that belong together.
    init(
        ids: [Int32], positions: [Int32], sequenceStarts: [Int], imageTokens: [Int],
        grids: [ImageGrid], imageStarts: [Int], pixels: PatchPixels?
    ) {
        self.ids = ids
        self.positions = positions
        self.sequenceStarts = sequenceStarts
        self.imageTokens = imageTokens
        self.grids = grids
        self.imageStarts = imageStarts
        self.pixels = pixels
    }

    /// N.
    package var sequenceCount: Int { sequenceStarts.count - 1 }
    /// T.
    package var tokenCount: Int { ids.count }
    /// The patches as numbers, float32 `[P, channels * frames * side * side]`; nil without images.
    package var pixelValues: Tensor? { pixels?.values() }
    /// `[I + 1]`: image i has the patches `patchStarts[i] ..< patchStarts[i + 1]`.
    package var patchStarts: [Int] {
        grids.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.patchCount) }
    }

    /// The tokens of a sequence.
    package func tokens(of sequence: Int) -> Range<Int> {
        sequenceStarts[sequence]..<sequenceStarts[sequence + 1]
    }

    /// The images of a sequence.
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
        if let id = ids.first(where: { $0 < 0 || Int($0) >= rows }) {
            throw .unknownToken(id: id, rows: rows)
        }
    }

    private static func check(
        _ pixels: PatchPixels?, _ grids: [ImageGrid], _ patch: PatchShape
    ) throws(ModelError) {
        for grid in grids {
            try grid.checkMergeable(patch.mergeSize)
        }
        let patches = grids.reduce(0) { $0 + $1.patchCount }
        let expected = [patches, patch.valueCount]
        let actual = pixels?.shape ?? [0, expected[1]]
        guard actual == expected else {
            throw .patchesDisagree(shape: actual, expected: expected)
        }
    }
}
