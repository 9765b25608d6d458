// Every error's text, kind and remedy.

import MoCaCore
import MoCaImage
import Testing

@Suite struct ImageErrorTests {
    private static let table: [(ImageError, FailureKind, String)] = [
        (
            .missing(name: "a.png"), .inputMissing,
            "image not found (a.png): there is no such file; check the path; paths are relative to "
                + "the images folder that was given"
        ),
        (
            .unreadable(name: "a.png", reason: "not permitted"), .inputOutput,
            "image cannot be read (a.png): not permitted; check the file's permissions and the disk"
        ),
        (
            .empty(name: "a.png"), .badData,
            "image is empty (a.png): it has no bytes; fetch the file again, or leave the record out"
        ),
        (
            .unknownFormat(name: "a.png"), .badData,
            "image format is unknown (a.png): the first bytes are of no format that is decoded; "
                + "convert it to 8-bit JPEG or PNG; decoded are JPEG, PNG, WebP, TIFF, GIF, BMP, "
                + "HEIF, JPEG XL"
        ),
        (
            .missingDecoder(name: "a.heic", format: .heif), .unavailable,
            "image cannot be decoded (a.heic): this build of libvips has no HEIF loader; install "
                + "libvips with this format (make setup), or convert the image to JPEG or PNG"
        ),
        (
            .unsupportedSamples(name: "a.tif", format: .tiff, samples: "5 bands"), .badData,
            "image cannot be decoded (a.tif): TIFF with 5 bands is not supported; convert it to "
                + "8-bit JPEG or PNG; decoded are JPEG, PNG, WebP, TIFF, GIF, BMP, HEIF, JPEG XL"
        ),
        (
            .truncated(name: "a.jpg", format: .jpeg), .badData,
            "image is truncated (a.jpg): the JPEG data stop before the picture does; fetch the "
                + "file again, or leave the record out"
        ),
        (
            .damaged(name: "a.jpg", format: .jpeg), .badData,
            "image is damaged (a.jpg): its JPEG data cannot be decoded; open it in a viewer; "
                + "replace it, or leave the record out"
        ),
        (
            .tooManyPixels(name: "a.png", width: 9, height: 8, limit: 70), .badData,
            "image is too large (a.png): its header declares 9 x 8 pixels, more than 70; scale it "
                + "down, or cut it into parts"
        ),
        (
            .tooElongated(name: "a.png", width: 9000, height: 28), .badData,
            "image is too elongated (a.png): 9000 x 28 is an aspect ratio above 200; crop it or "
                + "cut it into parts"
        ),
        (
            .tooThin(name: "a.png", width: 3, height: 9000, crops: 4, side: 336), .badData,
            "image is too elongated (a.png): nothing of 3 x 9000 would be left across, when it "
                + "becomes a row of at most 4 crops of 336 pixels; crop it or cut it into parts"
        ),
        (
            .overBudget(name: "a.png", width: 5600, height: 28, maxPixels: 7840), .badData,
            "image does not fit (a.png): 5600 x 28 has no size of whole image tokens within 7840 "
                + "pixels; raise max_pixels, or cut it into parts"
        ),
        (
            .tooSmall(name: "a.png", width: 28, height: 30, side: 32), .badData,
            "image is too small (a.png): 28 x 30, and a side needs 32 pixels; enlarge it"
        ),
        (
            .encodingFailed(format: .png, width: 70000, height: 2), .internalFailure,
            "image cannot be written (70000 x 2): the PNG encoder failed; use sides of 1 to 65535 "
                + "pixels"
        ),
        (
            .decoderUnavailable(name: "a.png"), .unavailable,
            "image cannot be decoded (a.png): libvips does not start; install libvips with this "
                + "format (make setup), or convert the image to JPEG or PNG"
        ),
        (
            .configurationMissing(folder: "m"), .badConfiguration,
            "image processor is not described (m): there is no preprocessor_config.json and no "
                + "processor_config.json; copy preprocessor_config.json from the original model"
        ),
        (
            .configurationInvalid(path: "m/p.json", reason: "size has the wrong type"),
            .badConfiguration,
            "image processor cannot be read (m/p.json): size has the wrong type; mend the file, or "
                + "copy it from the original model"
        ),
        (
            .unknownProcessor(path: "m/p.json", type: "X"), .badConfiguration,
            "image processor is unknown (m/p.json): image_processor_type is \"X\"; use a "
                + "checkpoint of a known family: Qwen-VL, LLaVA-NeXT, Phi-3-vision or Llama-3.2-Vision"
        ),
    ]

    @Test func everyCaseSaysWhatWhereWhyAndHow() {
        for (error, kind, text) in Self.table {
            #expect(error.oneLine == text)
            #expect(error.kind == kind)
        }
    }
}
