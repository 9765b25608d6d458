// The forms in which checkpoints describe their image processor.

import Foundation
import MoCaCore
import MoCaImage
import MoCaTestSupport
import Testing

@Suite struct ImageProcessorConfigurationTests {
    /// Reads a configuration out of a folder that holds these files.
    private func read(
        _ files: [String: String], budget: PixelBudget? = nil
    ) throws -> ImageProcessorConfiguration {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = temporary.url
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        return try ImageProcessorConfiguration(folder: folder, budget: budget)
    }

    private func problem(_ json: String) -> String? {
        do {
            _ = try read(["preprocessor_config.json": json])
            return nil
        } catch {
            return (error as? ImageError)?.errorDescription
        }
    }

    @Test func limitsComeInEveryForm() throws {
        let old = try read([
            "preprocessor_config.json": #"{"min_pixels": 3136, "max_pixels": 200704}"#
        ])
        #expect(old.budget == PixelBudget(minPixels: 3136, maxPixels: 200704))
        let new = #"{"size": {"shortest_edge": 784, "longest_edge": 7840}}"#
        #expect(
            try read(["preprocessor_config.json": new]).budget
                == PixelBudget(minPixels: 784, maxPixels: 7840))
        let nested = #"{"processor_class": "X", "image_processor": \#(new)}"#
        #expect(
            try read(["processor_config.json": nested]).budget
                == PixelBudget(minPixels: 784, maxPixels: 7840))
        let both = #"{"min_pixels": 1, "size": {"shortest_edge": 2, "longest_edge": 3}}"#
        #expect(
            try read(["preprocessor_config.json": both]).budget
                == PixelBudget(minPixels: 1, maxPixels: 3))
        #expect(
            try read(["preprocessor_config.json": "{}"]).budget
                == PixelBudget(minPixels: 3136, maxPixels: 1_003_520))
        #expect(
            try read(["preprocessor_config.json": new], budget: .reference).budget == .reference)
    }

    @Test func aProcessorFileWithoutImagesIsPassedOver() {
        #expect(throws: ImageError.self) {
            try read(["processor_config.json": #"{"processor_class": "X"}"#])
        }
        #expect(throws: ImageError.self) { try read([:]) }
    }

    @Test func numbersAreRead() throws {
        let json = #"""
            {"image_processor_type": "Qwen2VLImageProcessorFast", "patch_size": 16, "merge_size": 4,
             "temporal_patch_size": 1, "image_mean": [0.5, 0.25, 0], "image_std": [1, 2, 3],
             "rescale_factor": 0.5, "resample": 3, "do_resize": true}
            """#
        let configuration = try read(["preprocessor_config.json": json])
        #expect(configuration.patchSize == 16 && configuration.mergeSize == 4)
        #expect(configuration.temporalPatchSize == 1 && configuration.rescaleFactor == 0.5)
        #expect(configuration.mean == [0.5, 0.25, 0] && configuration.deviation == [1, 2, 3])
    }

    @Test(arguments: [
        (
            #"{"image_processor_type": "CLIPImageProcessor"}"#,
            "image_processor_type is \"CLIPImageProcessor\""
        ),
        ("[]", "it is a list of 0, must be an object"),
        ("{", "it is not JSON: the text ends too early at byte 1"),
        (#"{"patch_size": "x"}"#, "patch_size is \"x\", must be an integer in 1...256"),
        (
            #"{"patch_size": 0, "do_rescale": false, "resample": 2}"#,
            "patch_size is 0, must be an integer in 1...256; do_rescale is false, must be true; "
                + "resample is 2, must be 3 (bicubic)"
        ),
        (#"{"image_std": [1, 0, 1]}"#, "image_std must have 3 positive numbers"),
        (
            #"{"min_pixels": 9, "max_pixels": 8}"#,
            "min_pixels is 9, must be at least 0 and at most max_pixels, 8"
        ),
    ])
    func mistakesAreNamed(json: String, reason: String) throws {
        let text = try #require(problem(json))
        #expect(text.hasSuffix(": " + reason), "\(text)")
    }
}
