// A line of reconstructions.jsonl: the reconstruction of a masked image at one step.

/// A masked image and its reconstruction at one step of a run.
package struct ReconstructionRow: Sendable, Hashable, Codable {
    /// Name of the file in a run folder.
    package static let fileName = "reconstructions.jsonl"
    /// Name of the folder of the images in a run folder.
    package static let folderName = "reconstructions"

    /// The image files of a reconstruction, relative to the run folder.
    package struct Files: Sendable, Hashable {
        /// The original image.
        package var original: String
        /// The image with its masked patches covered.
        package var masked: String
        /// The image with its masked patches filled in by the model.
        package var reconstructed: String

        /// Creates the three names.
        package init(original: String, masked: String, reconstructed: String) {
            self.original = original
            self.masked = masked
            self.reconstructed = reconstructed
        }
    }

    /// The number of finished steps.
    package var step: Int
    /// The index of the image among those of the run, from 1.
    package var imageIndex: Int
    /// The record that the image is from.
    package var record: String
    /// The original image: a file in the run folder.
    package var original: String
    /// The image with its masked patches covered: a file in the run folder.
    package var masked: String
    /// The image with its masked patches filled in by the model: a file in the run folder.
    package var reconstructed: String
    /// The number of masked patches.
    package var maskedPatchCount: Int
    /// The number of patches.
    package var patchCount: Int
    /// The mean squared error over the normalised values of the masked patches; nil when nothing
    /// is masked. A non-finite error is written as null and read as nil.
    package var meanSquaredError: Double?
    /// The mean squared error of predicting the mean of the visible patches.
    package var baselineError: Double?

    /// Creates a row without errors.
    package init(
        step: Int, imageIndex: Int, record: String, files: Files,
        patchCount: (masked: Int, all: Int)
    ) {
        self.step = step
        self.imageIndex = imageIndex
        self.record = record
        original = files.original
        masked = files.masked
        reconstructed = files.reconstructed
        maskedPatchCount = patchCount.masked
        self.patchCount = patchCount.all
    }

    private enum CodingKeys: String, CodingKey {
        case step, record, original, masked, reconstructed
        case imageIndex = "picture"
        case patchCount = "patches"
        case maskedPatchCount = "masked_patches"
        case meanSquaredError = "mse"
        case baselineError = "baseline_mse"
    }
}
