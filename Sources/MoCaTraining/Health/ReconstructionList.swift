// `reconstructions.json`: the pictures that `moca reconstruct` wrote, and their errors.

import Foundation

/// `reconstructions.json`.
package struct ReconstructionList: Codable, Sendable {
    package static let fileName = "reconstructions.json"

    /// One picture.
    package struct Item: Codable, Sendable {
        /// The picture's file.
        package var path: String
        /// File names in the folder of the list.
        package var panels: Panels
        /// Patches that are masked, and all of them.
        package var maskedPatches: Int
        package var patches: Int
        /// Over the normalised values of the masked patches; nil where none is masked.
        package var meanSquaredError: Double?
        /// The same of the mean of the visible patches.
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

    /// PNG files.
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

    /// The file's bytes: one line of JSON.
    func fileData() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // JSON has no such numbers.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
