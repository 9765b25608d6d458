// A checkpoint's image processor settings: `preprocessor_config.json`, or `image_processor` in
// `processor_config.json`.

package import Foundation
package import MoCaCore
import MoCaSettings

/// The settings of an image processor.
package struct ImageProcessorConfiguration: Sendable, Hashable {
    /// The way from an image to patches.
    package var fitting = ImageFitting.tokens
    /// The limits on an image's pixels after resizing, if it is resized to whole image tokens.
    package var budget: PixelBudget
    /// The side of a patch in pixels.
    package var patchSize: Int
    /// The number of frames in a patch; a still image is repeated.
    package var temporalPatchSize: Int
    /// The side of an image token in patches.
    package var mergeSize: Int
    /// The factor applied to bytes, in float64.
    package var rescaleFactor: Double
    /// Whether bytes are divided by 255 in float32 instead, as torchvision's `ToTensor` does.
    package var dividesInFloat32 = false
    /// The mean and standard deviation of red, green and blue after rescaling, applied in float32.
    package var mean: [Double]
    package var deviation: [Double]
    /// Which orientation tags are applied; a processor's file does not state it.
    package var orientation = OrientationPolicy.ignore

    /// Qwen2.5-VL's settings: CLIP's means and standard deviations, 14-pixel patches, 4 for each
    /// token.
    package init(budget: PixelBudget = .reference) {
        self.budget = budget
        patchSize = 14
        temporalPatchSize = 2
        mergeSize = 2
        rescaleFactor = 1 / 255
        mean = [0.48145466, 0.4578275, 0.40821073]
        deviation = [0.26862954, 0.26130258, 0.27577711]
    }

    /// The value of each byte of a patch, rescaled in float64 and normalised in float32.
    package var normalization: PatchNormalization {
        let table = (0..<3).flatMap { channel in
            let (mean, deviation) = (Float(mean[channel]), Float(deviation[channel]))
            return (0..<256).map { byte in
                let level =
                    dividesInFloat32 ? Float(byte) / 255 : Float(Double(byte) * rescaleFactor)
                return (level - mean) / deviation
            }
        }
        return PatchNormalization(table: table, frameCount: temporalPatchSize)
    }

    /// Reads the configuration of the model in `folder`; `budget` replaces the file's limits.
    /// Throws `ImageError`.
    package init(folder: URL, budget: PixelBudget? = nil) throws {
        let names = ["preprocessor_config.json", "processor_config.json"]
        let files = names.map { folder.appendingPathComponent($0) }
        // A processor_config.json without an image processor is skipped.
        for file in files where FileManager.default.fileExists(atPath: file.path) {
            if let found = try Self(file: file, budget: budget) {
                self = found
                return
            }
        }
        throw ImageError.configurationMissing(folder: folder.path)
    }

    /// Reads the configuration of the model in `folder` with limits that replace the file's. If
    /// only one limit is given and the file's other one contradicts it, the other one is adjusted.
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
        let type = section.optionalString("image_processor_type")
        guard let kind = ImageProcessorKind(type: type) else {
            throw ImageError.unknownProcessor(path: file.path, type: type ?? "")
        }
        self.init(section, kind, budget: budget)
        let problems = section.context.problems.map(\.description)
        guard problems.isEmpty else {
            throw ImageError.configurationInvalid(
                path: file.path, reason: problems.joined(separator: "; "))
        }
    }

    /// Reads the settings; problems are added to the section's context.
    private init(_ section: Section, _ kind: ImageProcessorKind, budget: PixelBudget?) {
        self.init()
        kind.apply(section, to: &self)
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
        // A disabled step or another filter would produce different values.
        for step in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"]
        where !section.bool(step, default: true) {
            section.add(step, "is false, must be true")
        }
        let isBicubic = fitting.filter == .bicubic
        let expected = (code: isBicubic ? 3 : 2, name: isBicubic ? "bicubic" : "bilinear")
        let filter = section.integer("resample", default: expected.code)
        if filter != expected.code {
            section.add("resample", "is \(filter), must be \(expected.code) (\(expected.name))")
        }
        self.budget = fitting == .tokens ? Self.budget(section, budget) : self.budget
    }

    /// The pixel limits: the given ones, else the file's, else the processor's defaults.
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
}
