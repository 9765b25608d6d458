// `reconstructions.json`: the pictures that `moca reconstruct` wrote, and their errors.

import Foundation

/// `reconstructions.json`.
struct ReconstructionList: Codable, Sendable {
    static let fileName = "reconstructions.json"

    /// One picture.
    struct Item: Codable, Sendable {
        /// The picture's file.
        var path: String
        /// File names in the folder of the list.
        var panels: Panels
        /// Patches that are masked, and all of them.
        var maskedPatches: Int
        var patches: Int
        /// Over the normalised values of the masked patches; nil where none is masked.
        var meanSquaredError: Double?
        /// The same of the mean of the visible patches.
        var baselineError: Double?

        enum CodingKeys: String, CodingKey {
            case path, panels, patches
            case maskedPatches = "masked_patches"
            case meanSquaredError = "mse"
            case baselineError = "baseline_mse"
        }
    }

    /// PNG files.
    struct Panels: Codable, Sendable {
        var all: String
        var original: String
        var masked: String
        var reconstructed: String
    }

    var seed: UInt64
    var maeRatio: Double
    var items: [Item]

    enum CodingKeys: String, CodingKey {
        case seed, items
        case maeRatio = "mae_ratio"
    }
}
