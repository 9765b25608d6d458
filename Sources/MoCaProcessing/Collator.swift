// Packs outlines and their patches into one batch.

package import MoCaCore
package import MoCaImage
package import MoCaModel

/// Packs inputs; those of equal length are adjacent, so that attention takes them in one call.
package struct Collator: Sendable {
    private let configuration: any BackboneConfiguration
    private let normalization: PatchNormalization
    private let positions: PositionRule

    /// Creates a collator for a model and its image processor.
    ///
    /// - Parameter positions: how tokens are numbered.
    package init(
        _ configuration: any BackboneConfiguration, _ images: ImageProcessorConfiguration,
        positions: PositionRule = .grids
    ) {
        self.positions = positions
        self.configuration = configuration
        normalization = images.normalization
    }

    /// A packed batch, and the position of each input in it.
    package struct Batch: Sendable {
        package let input: EncoderInput
        /// The index in `input` of the i-th given sequence, `places[i]`.
        package let places: [Int]
    }

    /// Packs outlines with the patches of their images.
    ///
    /// - Throws: `ModelError`.
    package func pack(
        _ outlines: [InputOutline], patches: [[ImagePatches]]
    ) throws(ModelError) -> Batch {
        let order = Self.order(outlines)
        var places = [Int](repeating: 0, count: outlines.count)
        for (place, index) in order.enumerated() { places[index] = place }
        let input = try EncoderInput(
            order.map { outlines[$0].sequence }, pixels: pixels(order.map { patches[$0] }),
            for: configuration, positions: positions)
        return Batch(input: input, places: places)
    }

    /// The order in which `pack` places inputs: by length, ties in the given order.
    package static func order(_ outlines: [InputOutline]) -> [Int] {
        outlines.indices.sorted { (outlines[$0].ids.count, $0) < (outlines[$1].ids.count, $1) }
    }

    /// The packed patches of all images; nil without images.
    package func pixels(_ patches: [[ImagePatches]]) -> PatchPixels? {
        PatchPixels(Array(patches.joined()), normalization)
    }
}
