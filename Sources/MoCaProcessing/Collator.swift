// Outlines and their patches to one packed batch.

import MoCaCore
package import MoCaModel
package import Torch

/// Packs inputs; those of equal length stand together, so that attention takes them in one call.
package struct Collator: Sendable {
    private let configuration: Qwen25VLConfiguration

    package init(_ configuration: Qwen25VLConfiguration) {
        self.configuration = configuration
    }

    /// A packed batch, and where each input went.
    package struct Batch: Sendable {
        package let input: EncoderInput
        /// `places[i]`: the sequence of `input` that is the i-th given.
        package let places: [Int]
    }

    /// Packs `outlines`, whose patches are `pixels`.
    ///
    /// - Throws: `ModelError`.
    package func pack(
        _ outlines: [InputOutline], pixels: [[Float]]
    ) throws(ModelError) -> Batch {
        let order = Self.order(outlines)
        var places = [Int](repeating: 0, count: outlines.count)
        for (place, index) in order.enumerated() { places[index] = place }
        let input = try EncoderInput(
            order.map { outlines[$0].sequence }, pixelValues: pixelValues(order.map { pixels[$0] }),
            for: configuration)
        return Batch(input: input, places: places)
    }

    /// The order in which `pack` puts inputs: by length, equal ones as given.
    package static func order(_ outlines: [InputOutline]) -> [Int] {
        outlines.indices.sorted { (outlines[$0].ids.count, $0) < (outlines[$1].ids.count, $1) }
    }

    /// float32 `[P, values]` of all images; nil without any.
    package func pixelValues(_ parts: [[Float]]) -> Tensor? {
        let width = configuration.vision.patchValueCount
        return parts.allSatisfy(\.isEmpty) ? nil : Tensor(rows: parts, width: width)
    }
}
