// The errors of images and of image processor configurations.

import Foundation
public import MoCaCore

/// An error of turning an image into patches. Every case names the file or record it concerns.
public enum ImageError: UserFacingError, Sendable, Hashable {
    /// No file exists at this path.
    case missing(name: String)
    /// The file exists, but the system does not allow reading it.
    case unreadable(name: String, reason: String)
    /// The image has no bytes.
    case empty(name: String)
    /// The first bytes match no supported format.
    case unknownFormat(name: String)
    /// The format is supported, but this build of libvips cannot read it.
    case missingDecoder(name: String, format: ImageFormat)
    /// The format is supported, but not with these samples.
    case unsupportedSamples(name: String, format: ImageFormat, samples: String)
    /// The data ends before the image is complete.
    case truncated(name: String, format: ImageFormat)
    /// The data violates the format.
    case damaged(name: String, format: ImageFormat)
    /// The header declares more pixels than are allowed.
    case tooManyPixels(name: String, width: Int, height: Int, limit: Int)
    /// One side is more than 200 times the other.
    case tooElongated(name: String, width: Int, height: Int)
    /// A shape that has no pixels in one direction when it is resized to a row of crops.
    case tooThin(name: String, width: Int, height: Int, crops: Int, side: Int)
    /// No size in whole image tokens keeps the aspect ratio and stays within the pixel limit.
    case overBudget(name: String, width: Int, height: Int, maxPixels: Int)
    /// A side is shorter than one image token.
    case tooSmall(name: String, width: Int, height: Int, side: Int)
    /// The pixels cannot be written as a file of this format.
    case encodingFailed(format: ImageFormat, width: Int, height: Int)
    /// libvips failed to start.
    case decoderUnavailable(name: String)
    /// No file in the model's folder describes the image processor.
    case configurationMissing(folder: String)
    /// The file that describes the image processor is invalid.
    case configurationInvalid(path: String, reason: String)
    /// The file describes an unsupported type of image processor.
    case unknownProcessor(path: String, type: String)
}

extension ImageError {
    /// The `sysexits` class of the failure.
    public var kind: FailureKind {
        switch self {
        case .missing: .inputMissing
        case .unreadable: .inputOutput
        case .missingDecoder, .decoderUnavailable: .unavailable
        case .encodingFailed: .internalFailure
        case .configurationMissing, .configurationInvalid, .unknownProcessor: .badConfiguration
        default: .badData
        }
    }

    /// The problem, in the form `WHAT (WHERE): WHY`.
    public var errorDescription: String? {
        switch self {
        case .missing(let name): "image not found (\(name)): there is no such file"
        case .unreadable(let name, let reason): "image cannot be read (\(name)): \(reason)"
        case .empty(let name): "image is empty (\(name)): it has no bytes"
        case .unknownFormat(let name):
            "image format is unknown (\(name)): the first bytes are of no format that is decoded"
        case .missingDecoder(let name, let format):
            "image cannot be decoded (\(name)): this build of libvips has no \(format) loader"
        case .unsupportedSamples(let name, let format, let samples):
            "image cannot be decoded (\(name)): \(format) with \(samples) is not supported"
        case .truncated(let name, let format):
            "image is truncated (\(name)): the \(format) data stop before the picture does"
        case .damaged(let name, let format):
            "image is damaged (\(name)): its \(format) data cannot be decoded"
        case .tooManyPixels(let name, let width, let height, let limit):
            "image is too large (\(name)): its header declares \(width) x \(height) pixels, "
                + "more than \(limit)"
        case .tooElongated(let name, let width, let height):
            "image is too elongated (\(name)): \(width) x \(height) is an aspect ratio above 200"
        case .tooThin(let name, let width, let height, let crops, let side):
            "image is too elongated (\(name)): nothing of \(width) x \(height) would be left "
                + "across, when it becomes a row of at most \(crops) crops of \(side) pixels"
        case .overBudget(let name, let width, let height, let maxPixels):
            "image does not fit (\(name)): \(width) x \(height) has no size of whole image tokens "
                + "within \(maxPixels) pixels"
        case .tooSmall(let name, let width, let height, let side):
            "image is too small (\(name)): \(width) x \(height), and a side needs \(side) pixels"
        case .encodingFailed(let format, let width, let height):
            "image cannot be written (\(width) x \(height)): the \(format) encoder failed"
        case .decoderUnavailable(let name):
            "image cannot be decoded (\(name)): libvips does not start"
        case .configurationMissing(let folder):
            "image processor is not described (\(folder)): there is no preprocessor_config.json "
                + "and no processor_config.json"
        case .configurationInvalid(let path, let reason):
            "image processor cannot be read (\(path)): \(reason)"
        case .unknownProcessor(let path, let type):
            "image processor is unknown (\(path)): image_processor_type is \"\(type)\""
        }
    }

    /// A suggestion for fixing the problem.
    public var recoverySuggestion: String? {
        switch self {
        case .missing: "check the path; paths are relative to the images folder that was given"
        case .unreadable: "check the file's permissions and the disk"
        case .empty, .truncated: "fetch the file again, or leave the record out"
        case .unknownFormat, .unsupportedSamples:
            "convert it to 8-bit JPEG or PNG; decoded are \(ImageFormat.list)"
        case .missingDecoder, .decoderUnavailable:
            "install libvips with this format (make setup), or convert the image to JPEG or PNG"
        case .damaged: "open it in a viewer; replace it, or leave the record out"
        case .tooManyPixels: "scale it down, or cut it into parts"
        case .tooElongated, .tooThin: "crop it or cut it into parts"
        case .overBudget: "raise max_pixels, or cut it into parts"
        case .tooSmall: "enlarge it"
        case .encodingFailed: "use sides of 1 to 65535 pixels"
        case .configurationMissing: "copy preprocessor_config.json from the original model"
        case .configurationInvalid: "mend the file, or copy it from the original model"
        case .unknownProcessor:
            "use a checkpoint of a known family: Qwen-VL, LLaVA-NeXT, Phi-3-vision or Llama-3.2-Vision"
        }
    }
}
