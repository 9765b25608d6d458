// `reconstructions.json`: the images that `moca reconstruct` wrote, and their errors.

import Foundation
import MoCaSettings

/// The content of `reconstructions.json`.
package struct ReconstructionList: Codable, Sendable {
    package static let fileName = "reconstructions.json"

    /// One reconstructed image.
    package struct Item: Codable, Sendable {
        /// The image file.
        package var path: String
        /// The names of the panels in the folder of the list.
        package var panels: Panels
        /// The number of masked patches.
        package var maskedPatches: Int
        /// The number of patches.
        package var patches: Int
        /// The mean squared error over the normalised values of the masked patches; nil when no
        /// patch is masked.
        package var meanSquaredError: Double?
        /// The mean squared error of predicting the mean of the visible patches.
        package var baselineError: Double?

        package init(
            path: String,
            panels: Panels,
            maskedPatches: Int,
            patches: Int,
            meanSquaredError: Double?,
            baselineError: Double?
        ) {
            self.path = path
            self.panels = panels
            self.maskedPatches = maskedPatches
            self.patches = patches
            self.meanSquaredError = meanSquaredError
            self.baselineError = baselineError
        }

        enum CodingKeys: String, CodingKey {
            case path, panels, patches
            case maskedPatches = "masked_patches"
            case meanSquaredError = "mse"
            case baselineError = "baseline_mse"
        }
    }

    /// The names of an image's PNG files.
    package struct Panels: Codable, Sendable {
        package var all: String
        package var original: String
        package var masked: String
        package var reconstructed: String

        package init(
            all: String,
            original: String,
            masked: String,
            reconstructed: String
        ) {
            self.all = all
            self.original = original
            self.masked = masked
            self.reconstructed = reconstructed
        }
    }

    package var seed: UInt64
    package var maeRatio: Double
    package var items: [Item]

    package init(
        seed: UInt64,
        maeRatio: Double,
        items: [Item]
    ) {
        self.seed = seed
        self.maeRatio = maeRatio
        self.items = items
    }

    enum CodingKeys: String, CodingKey {
        case seed, items
        case maeRatio = "mae_ratio"
    }

    /// Returns the bytes of the file: one line of JSON.
    func fileData() throws -> Data {
        try JSONFormat.line.data(self, nonFinite: .words) + Data("\n".utf8)
    }
}
