// What a checkpoint says about its image processor: `preprocessor_config.json`, or the part
// `image_processor` of `processor_config.json`.

package import Foundation
package import MoCaCore
import MoCaSettings

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

    /// Reads a file; nil if it describes no image processor.
    private init?(file: URL, budget: PixelBudget?) throws {
        let value: JSON
        do {
            value = try JSON(parsing: Data(contentsOf: file))
        } catch {
            let reason = (error as? JSONFault).map { "it is not JSON: \($0)" }
            throw ImageError.configurationInvalid(
                path: file.path, reason: reason ?? error.localizedDescription)
        }
        guard case .object = value else {
            throw ImageError.configurationInvalid(
                path: file.path, reason: "it is \(value.shortDescription), must be an object")
        }
        var section = Section(value, SettingsContext(.json))
        if file.lastPathComponent == "processor_config.json" {
            guard let nested = section.optionalSection("image_processor") else { return nil }
            section = nested
        }
        if let type = section.optionalString("image_processor_type"),
            !Self.knownTypes.contains(type)
        {
            throw ImageError.unknownProcessor(path: file.path, type: type)
        }
        self.init(section, budget: budget)
        let problems = section.context.problems.map(\.description)
        guard problems.isEmpty else {
            throw ImageError.configurationInvalid(
                path: file.path, reason: problems.joined(separator: "; "))
        }
    }

    /// Reads the settings; problems are added to the section's context.
    private init(_ section: Section, budget: PixelBudget?) {
        self.init()
        patchSize = section.integer("patch_size", in: 1...256, default: patchSize)
        temporalPatchSize = section.integer(
            "temporal_patch_size", in: 1...16, default: temporalPatchSize)
        mergeSize = section.integer("merge_size", in: 1...16, default: mergeSize)
        rescaleFactor = section.number("rescale_factor", default: rescaleFactor)
        mean = section.numbers("image_mean") ?? mean
        deviation = section.numbers("image_std") ?? deviation
        section.context.require("image_mean", reason: "must have 3 numbers") { mean.count == 3 }
        section.context.require("image_std", reason: "must have 3 positive numbers") {
            deviation.count == 3 && deviation.allSatisfy { $0 > 0 }
        }
        // A step switched off, or another filter, would give other numbers than ours.
        for step in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"]
        where !section.bool(step, default: true) {
            section.add(step, "is false, must be true")
        }
        let filter = section.integer("resample", default: 3)
        if filter != 3 { section.add("resample", "is \(filter), must be 3 (bicubic)") }
        self.budget = Self.budget(section, budget)
    }

    /// The pixel limits: those that are given, else those of the file. Without limits in the file,
    /// the processor's own defaults hold.
    private static func budget(_ section: Section, _ given: PixelBudget?) -> PixelBudget {
        let edges = section.optionalSection("size")
        let stored = PixelBudget(
            minPixels: section.optionalInteger("min_pixels")
                ?? edges?.optionalInteger("shortest_edge") ?? 56 * 56,
            maxPixels: section.optionalInteger("max_pixels")
                ?? edges?.optionalInteger("longest_edge") ?? 28 * 28 * 1280)
        let budget = given ?? stored
        section.context.require(
            "min_pixels", "max_pixels",
            reason: "is \(budget.minPixels), must be at least 0 and at most max_pixels, "
                + "\(budget.maxPixels)"
        ) { budget.minPixels >= 0 && budget.maxPixels >= max(1, budget.minPixels) }
        return budget
    }

    /// Slow and fast classes save the same settings; the numbers here are the slow one's.
    private static let knownTypes: Set<String> = [
        "Qwen2VLImageProcessor", "Qwen2VLImageProcessorFast", "Qwen2VLImageProcessorPil",
        "Qwen2_5_VLImageProcessor", "Qwen2_5_VLImageProcessorFast",
    ]
}
