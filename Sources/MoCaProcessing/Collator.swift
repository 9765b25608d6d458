// Outlines and their patches to one packed batch.

package import MoCaCore
package import MoCaImage
package import MoCaModel

/// Packs inputs; those of equal length stand together, so that attention takes them in one call.
package struct Collator: Sendable {
    private let configuration: any BackboneConfiguration
    private let normalization: PatchNormalization

    /// Makes a collator for a model and its image processor.
    package init(
        _ configuration: any BackboneConfiguration, _ images: ImageProcessorConfiguration
    ) {
        self.configuration = configuration
        normalization = images.normalization
    }

    /// A packed batch, and where each input went.
    package struct Batch: Sendable {
        package let input: EncoderInput
        /// `places[i]`: the sequence of `input` that is the i-th given.
        package let places: [Int]
    }

    /// Packs outlines with the patches of the images of each.
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
            for: configuration)
        return Batch(input: input, places: places)
    }

    /// The order in which `pack` puts inputs: by length, equal ones as given.
    package static func order(_ outlines: [InputOutline]) -> [Int] {
        outlines.indices.sorted { (outlines[$0].ids.count, $0) < (outlines[$1].ids.count, $1) }
    }

    /// The patches of all images, packed; nil without images.
    package func pixels(_ patches: [[ImagePatches]]) -> PatchPixels? {
        PatchPixels(Array(patches.joined()), normalization)
    }
}
