// What a checkpoint says about its image processor: `preprocessor_config.json`, or the part
// `image_processor` of `processor_config.json`.

package import Foundation
package import MoCaCore

/// The numbers of a Qwen2-VL image processor.
package struct ImageProcessorConfiguration: Sendable, Hashable {
    /// Pixels that an image may have after resizing.
    package var budget: PixelBudget
    /// Side of a patch in pixels.
    package var patchSize: Int
    /// Frames that one patch holds; a still image is repeated.
    package var temporalPatchSize: Int
    /// `mergeSize` x `mergeSize` patches become one image token.
    package var mergeSize: Int
    /// What a byte is multiplied by, in float64.
    package var rescaleFactor: Double
    /// Mean and deviation of red, green and blue after rescaling, subtracted and divided in float32.
    package var mean: [Double]
    package var deviation: [Double]

    /// Qwen2.5-VL's own numbers: CLIP's means and deviations, patches of 14 pixels, 4 to a token.
    package init(budget: PixelBudget = .reference) {
        self.budget = budget
        patchSize = 14
        temporalPatchSize = 2
        mergeSize = 2
        rescaleFactor = 1 / 255
        mean = [0.48145466, 0.4578275, 0.40821073]
        deviation = [0.26862954, 0.26130258, 0.27577711]
    }

    /// The number that each byte of a patch becomes, rescaled in float64 and normalised in float32.
    package var normalization: PatchNormalization {
        let table = (0..<3).flatMap { channel in
            let (mean, deviation) = (Float(mean[channel]), Float(deviation[channel]))
            return (0..<256).map { (Float(Double($0) * rescaleFactor) - mean) / deviation }
        }
        return PatchNormalization(table: table, frameCount: temporalPatchSize)
    }

    /// Reads the configuration of the model in `folder`; `budget` replaces the file's limits.
    /// Throws `ImageError`.
    package init(folder: URL, budget: PixelBudget? = nil) throws {
        let names = ["preprocessor_config.json", "processor_config.json"]
        let files = names.map { folder.appendingPathComponent($0) }
        // A processor_config.json without an image processor says nothing.
        for file in files where FileManager.default.fileExists(atPath: file.path) {
            if let found = try Self(file: file, budget: budget) {
                self = found
                return
            }
        }
        throw ImageError.configurationMissing(folder: folder.path)
    }

    /// Reads the configuration of the model in `folder`, with limits that replace the file's; the
    /// file's other limit gives way where it lies beyond the one that is given.
    ///
    /// - Throws: `ImageError`.
    package init(folder: URL, minPixels: Int?, maxPixels: Int?) throws {
        let stored = try Self(folder: folder).budget
        let low = minPixels ?? min(stored.minPixels, maxPixels ?? .max)
        let high = maxPixels ?? max(stored.maxPixels, low)
        try self.init(folder: folder, budget: PixelBudget(minPixels: low, maxPixels: high))
    }

    private init?(file: URL, budget: PixelBudget?) throws {
        let settings: Settings
        do {
            let data = try Data(contentsOf: file)
            let decoder = JSONDecoder()
            if file.lastPathComponent == "processor_config.json" {
                guard let nested = try decoder.decode(Nested.self, from: data).image_processor
                else { return nil }
                settings = nested
            } else {
                settings = try decoder.decode(Settings.self, from: data)
            }
        } catch {
            let reason = (error as? DecodingError).map(Self.describe) ?? error.localizedDescription
            throw ImageError.configurationInvalid(path: file.path, reason: reason)
        }
        try self.init(settings, path: file.path, budget: budget)
    }

    private init(_ settings: Settings, path: String, budget: PixelBudget?) throws {
        self.init()
        if let type = settings.image_processor_type, !Self.knownTypes.contains(type) {
            throw ImageError.unknownProcessor(path: path, type: type)
        }
        patchSize = settings.patch_size ?? patchSize
        temporalPatchSize = settings.temporal_patch_size ?? temporalPatchSize
        mergeSize = settings.merge_size ?? mergeSize
        rescaleFactor = settings.rescale_factor ?? rescaleFactor
        mean = settings.image_mean ?? mean
        deviation = settings.image_std ?? deviation
        // Without limits in the file, the processor's own defaults hold.
        self.budget =
            budget
            ?? PixelBudget(
                minPixels: settings.min_pixels ?? settings.size?.shortest_edge ?? 56 * 56,
                maxPixels: settings.max_pixels ?? settings.size?.longest_edge ?? 28 * 28 * 1280)
        if let problem = settings.problem ?? self.problem {
            throw ImageError.configurationInvalid(path: path, reason: problem)
        }
    }

    /// Slow and fast classes save the same settings; the numbers here are the slow one's.
    private static let knownTypes: Set<String> = [
        "Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2VLImageProcessorPil",
        "Qwen2_5_VLImageProcessor", "Qwen2_5_VLImageProcessorFast",
    ]

    /// What cannot be computed with, or nil.
    private var problem: String? {
        if !(1...256).contains(patchSize) { return "patch_size must be 1 to 256" }
        if !(1...16).contains(temporalPatchSize) { return "temporal_patch_size must be 1 to 16" }
        if !(1...16).contains(mergeSize) { return "merge_size must be 1 to 16" }
        if mean.count != 3 || deviation.count != 3 {
            return "image_mean and image_std must have 3 numbers"
        }
        if deviation.contains(where: { !($0 > 0) }) { return "image_std must be positive" }
        if budget.minPixels < 0 || budget.maxPixels < max(1, budget.minPixels) {
            return "pixel limits must satisfy 0 <= min_pixels <= max_pixels"
        }
        return nil
    }

    private static func describe(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .keyNotFound(_, let context), .dataCorrupted(let context):
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            return key.isEmpty ? "it is not a JSON object" : "\(key) has the wrong type"
        @unknown default: return "it is not as expected"
        }
    }

    // MARK: - Files

    /// The keys of the file, in its own spelling.
    private struct Settings: Decodable {
        var image_processor_type: String?
        var min_pixels: Int?
        var max_pixels: Int?
        var size: Edges?
        var patch_size: Int?
        var temporal_patch_size: Int?
        var merge_size: Int?
        var rescale_factor: Double?
        var image_mean: [Double]?
        var image_std: [Double]?
        var resample: Int?
        var do_resize: Bool?
        var do_rescale: Bool?
        var do_normalize: Bool?
        var do_convert_rgb: Bool?

        /// A step switched off, or another filter, would give other numbers than ours.
        var problem: String? {
            let steps = [
                ("do_resize", do_resize), ("do_rescale", do_rescale),
                ("do_normalize", do_normalize), ("do_convert_rgb", do_convert_rgb),
            ]
            if let off = steps.first(where: { $0.1 == false }) {
                return "\(off.0) must be true"
            }
            return (resample ?? 3) == 3 ? nil : "resample must be 3 (bicubic)"
        }
    }

    private struct Edges: Decodable {
        var shortest_edge: Int?
        var longest_edge: Int?
    }

    private struct Nested: Decodable {
        var image_processor: Settings?
    }
}
