// The errors of tokenizer files, and of text with tokens that it must not contain.

import Foundation
package import MoCaCore
import MoCaSettings

/// An error of reading, writing or using a tokenizer.
package enum TokenizerError: UserFacingError, Equatable {
    /// A file is missing or cannot be read.
    case unreadable(file: String, reason: String)
    /// A file is not valid JSON; `offset` is in bytes.
    case malformedJSON(file: String, offset: Int, reason: String)
    /// A field that the tokenizer needs is missing.
    case missingField(file: String, field: String)
    /// Fields require features that this tokenizer does not support; all of them are listed.
    case unsupported(file: String, problems: [SettingsProblem])
    /// The vocabulary, merges or added tokens are inconsistent.
    case inconsistent(file: String, field: String, reason: String)
    /// A text contains an added token that the caller refuses, such as an image placeholder.
    case refusedToken(token: String)
    /// A file cannot be written.
    case unwritable(file: String, reason: String)

    /// Creates the error of a file whose JSON is invalid at one byte.
    init(_ fault: JSONFault, file: String) {
        self = .malformedJSON(file: file, offset: fault.byte, reason: fault.reason)
    }

    package var kind: FailureKind {
        switch self {
        case .unreadable: .inputMissing
        case .malformedJSON, .missingField, .inconsistent, .refusedToken: .badData
        case .unsupported: .badConfiguration
        case .unwritable: .cannotCreateOutput
        }
    }

    package var errorDescription: String? {
        switch self {
        case .unreadable(let file, let reason):
            "cannot read the tokenizer (\(file)): \(reason)"
        case .malformedJSON(let file, let offset, let reason):
            "malformed JSON (\(file), byte \(offset)): \(reason)"
        case .missingField(let file, let field):
            "incomplete tokenizer (\(file)): the field \(field) is missing"
        case .unsupported(let file, let problems):
            "unsupported tokenizer (\(file)): "
                + problems.map(\.description).joined(separator: "; ")
        case .inconsistent(let file, let field, let reason):
            "inconsistent tokenizer (\(file), \(field)): \(reason)"
        case .refusedToken(let token):
            "refused token (\(token)): plain text must not hold it"
        case .unwritable(let file, let reason):
            "cannot write the tokenizer (\(file)): \(reason)"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .unreadable:
            "give the folder of a Hugging Face checkpoint, or its tokenizer.json"
        case .malformedJSON:
            "fetch the file again; it may have been cut or edited"
        case .missingField, .inconsistent:
            "use the tokenizer files that belong to the checkpoint, unedited"
        case .unsupported:
            "use a checkpoint whose tokenizer.json is a BPE as that of Qwen2, Llama or Mistral"
        case .refusedToken:
            "give images as images, or remove the token from the text"
        case .unwritable:
            "give a folder that exists and may be written, on a disk with space"
        }
    }
}
