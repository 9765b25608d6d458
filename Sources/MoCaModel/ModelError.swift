// Failures of a model's folder, or of an input passed to it.

import Foundation
public import MoCaCore

/// Every failure of this target that reaches a user.
public enum ModelError: UserFacingError, Hashable {
    /// The file cannot be read as JSON.
    case notJSON(file: String, reason: String)
    /// A configuration with at least one problem; all of them are listed.
    case badConfiguration(file: String, problems: [SettingsProblem])
    /// An embedding contract with at least one problem; all of them are listed.
    case badContract(file: String, problems: [SettingsProblem])
    /// A module or pooling of sentence-transformers that cannot be computed.
    case unsupportedModule(file: String, reason: String)
    /// Settings of an adapter with at least one problem; all of them are listed.
    case badAdapter(file: String, problems: [SettingsProblem])
    /// An adapter with trained biases, which cannot be trained further.
    case biasNotTrained(adapter: String, bias: String)
    /// Models that cannot be averaged: their tensors differ in names or shapes.
    case modelsDiffer(first: String, second: String, reason: String)
    /// Image tokens of a sequence that do not match its images.
    case imagesDisagree(reason: String)
    /// A model whose family has no pre-training heads.
    case noReconstruction(folder: String, family: String)
    /// A grid that the vision tower does not support.
    case badGrid(ImageGrid, mergeSize: Int)
    /// Two tensors of a checkpoint for the same parameter.
    case sameParameter(first: String, second: String, parameter: String)

    /// A sequence without tokens, which has no embedding.
    case emptySequence(number: Int)
    /// A sequence longer than the model's positions.
    case sequenceTooLong(number: Int, length: Int, longest: Int)
    /// A token id without a row in the embedding matrix.
    case unknownToken(id: Int32, rows: Int)
    /// Patches that do not match the grids.
    case patchesDisagree(shape: [Int], expected: [Int])
    /// An unreadable file in a model's folder.
    case unreadable(file: String, reason: String)
    /// A missing file that a model's folder must have.
    case missingFile(String)
    /// A folder with an adapter, where a model is needed.
    case isAdapter(folder: String)
    /// A file or folder that cannot be written.
    case cannotWrite(file: String, reason: String)

    /// The error of an image that was prepared for a model of another family.
    static let otherImages = ModelError.imagesDisagree(
        reason: "an image was prepared for another family of models")

    public var kind: FailureKind {
        switch self {
        case .badConfiguration, .badContract, .unsupportedModule, .badAdapter, .biasNotTrained,
            .notJSON, .noReconstruction:
            .badConfiguration
        case .missingFile, .isAdapter, .unreadable: .inputMissing
        case .cannotWrite: .cannotCreateOutput
        case .imagesDisagree, .badGrid, .sameParameter, .emptySequence, .sequenceTooLong,
            .unknownToken, .patchesDisagree, .modelsDiffer:
            .badData
        }
    }

    public var errorDescription: String? {
        switch self {
        case .notJSON(let file, let reason):
            "file is not JSON (\(file)): \(reason)"
        case .badConfiguration(let file, let problems):
            "model configuration cannot be used (\(file)): \(Self.list(problems))"
        case .badContract(let file, let problems):
            "embedding contract cannot be used (\(file)): \(Self.list(problems))"
        case .unsupportedModule(let file, let reason):
            "vectors of sentence-transformers cannot be computed (\(file)): \(reason)"
        case .biasNotTrained(let adapter, let bias):
            "adapter cannot be trained further (\(adapter)): its bias is \"\(bias)\", and biases "
                + "are merged"
        case .badAdapter(let file, let problems):
            "adapter cannot be used (\(file)): \(Self.list(problems))"
        case .modelsDiffer(let first, let second, let reason):
            "models have no average (\(first) and \(second)): \(reason)"
        case .noReconstruction(let folder, let family):
            "model cannot be pre-trained (\(folder)): images of \(family) have no group of patches "
                + "for each token"
        case .imagesDisagree(let reason):
            "image tokens and images disagree (sequence): \(reason)"
        case .badGrid(let grid, let mergeSize):
            "image grid cannot be used (\(grid.t) x \(grid.h) x \(grid.w)): height and width must be "
                + "positive multiples of \(mergeSize), time positive, all under 65536"
        case .sameParameter(let first, let second, let parameter):
            "checkpoint names a parameter twice (\(parameter)): \(first) and \(second) mean the same"
        case .emptySequence(let number):
            "input has no tokens (sequence \(number)): nothing can be embedded"
        case .sequenceTooLong(let number, let length, let longest):
            "input is too long (sequence \(number)): \(length) tokens, the model has \(longest) positions"
        case .unknownToken(let id, let rows):
            "token is unknown to the model (\(id)): the embedding matrix has \(rows) rows"
        case .patchesDisagree(let shape, let expected):
            "patches do not fit the images (pixel_values): shape \(shape), expected \(expected)"
        case .unreadable(let file, let reason):
            "file cannot be read (\(file)): \(reason)"
        case .missingFile(let file):
            "file is missing (\(file)): a model folder in Hugging Face layout has it"
        case .isAdapter(let folder):
            "folder has no model (\(folder)): it has an adapter, which belongs to a model"
        case .cannotWrite(let file, let reason):
            "file cannot be written (\(file)): \(reason)"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .notJSON:
            "write it again, or copy it from the model's source"
        case .badConfiguration:
            "correct these keys, or use a \(Families.names) checkpoint in Hugging Face layout"
        case .badContract:
            "correct these keys of moca.json, or remove the file to embed with the defaults"
        case .unsupportedModule:
            "use another model, or write a moca.json with the pooling to compute instead"
        case .biasNotTrained: "merge it first, and train the result"
        case .badAdapter:
            "take an adapter that PEFT's LoraConfig has made, of these settings alone"
        case .modelsDiffer:
            "average models that were trained from the same one"
        case .noReconstruction:
            "fine-tune it instead, or pre-train a \(Families.pretrainedNames) checkpoint"
        case .imagesDisagree:
            "write each image as <|vision_start|>, its image tokens, <|vision_end|>, and give one grid an image"
        case .badGrid:
            "make image_grid_thw with the model's own preprocessor_config.json"
        case .sameParameter:
            "keep one of the two tensors in the checkpoint"
        case .emptySequence:
            "leave the input out, or give it text or an image"
        case .sequenceTooLong:
            "shorten the input, or limit its length (max_length)"
        case .unknownToken:
            "use the tokenizer that belongs to the model"
        case .patchesDisagree:
            "make pixel_values and image_grid_thw with the model's own preprocessor_config.json"
        case .unreadable:
            "check the path and its permissions"
        case .missingFile:
            "check the path of the model"
        case .isAdapter:
            "give it as the adapter of the model that base_model_name_or_path of its "
                + "adapter_config.json names"
        case .cannotWrite:
            "check the path, its permissions and the free space"
        }
    }

    private static func list(_ problems: [SettingsProblem]) -> String {
        problems.map(\.description).joined(separator: "; ")
    }
}
