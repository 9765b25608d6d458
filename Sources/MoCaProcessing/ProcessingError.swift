// Invalid inputs and settings found before the model runs.

import Foundation
public import MoCaCore

/// A failure of this target that reaches a user.
public enum ProcessingError: UserFacingError, Hashable {
    /// An input with no content to embed.
    case emptyInput
    /// An input longer than `max_length`, with the policy `error`.
    case tooLong(tokens: Int, maxLength: Int)
    /// An input with more tokens than the model has positions.
    case beyondPositions(tokens: Int, positions: Int)
    /// A prompt without `{text}` or `{image}`, or with one repeated.
    case badPrompt(role: String, template: String, reason: String)
    /// A role for which the contract has no prompt.
    case unknownRole(role: String, known: [String])
    /// A name of an embedder that is not known.
    case unknownEmbedder(name: String, known: [String])
    /// An embedder whose rules are for other backbones than the model's.
    case otherBackbone(embedder: String, backbones: [String], modelType: String, known: [String])
    /// A value of `architectures` in config.json that is neither an embedder's nor the backbone's.
    case unknownArchitecture(name: String, modelType: String, known: [String])
    /// Numbers of image tokens in config.json, or their defaults, that are no limits.
    case badImageLimits(minimum: SettingsProblem, maximum: SettingsProblem)
    /// A text beside an image, for an embedder whose pages are one image each.
    case notAPage(segments: Int)
    /// An instruction for an embedder that takes none.
    case instructionUnused
    /// A token with different ids in the tokenizer and config.json.
    case tokensDisagree(token: String, tokenizer: Int32?, configuration: Int32)
    /// Patch sizes that differ between the image processor and the vision tower.
    case patchesDisagree(setting: String, processor: Int, configuration: Int)
    /// An image that changed between the reading of its header and its decoding.
    case imageChanged(name: String)

    public var kind: FailureKind {
        switch self {
        case .emptyInput, .tooLong, .beyondPositions, .imageChanged, .notAPage, .instructionUnused:
            .badData
        case .unknownEmbedder, .otherBackbone, .unknownArchitecture, .badImageLimits:
            .badConfiguration
        case .badPrompt, .unknownRole, .tokensDisagree, .patchesDisagree: .badConfiguration
        }
    }

    public var errorDescription: String? {
        switch self {
        case .emptyInput:
            "input has no tokens (text and images are empty): nothing can be embedded"
        case .tooLong(let tokens, let maxLength):
            "input is too long (\(tokens) tokens): the limit is \(maxLength)"
        case .beyondPositions(let tokens, let positions):
            "input is too long (\(tokens) tokens): the model has \(positions) positions"
        case .badPrompt(let role, let template, let reason):
            "prompt cannot be used (\(role): \"\(template)\"): \(reason)"
        case .unknownRole(let role, let known):
            "prompt is unknown (\(role)): the model has "
                + (known.isEmpty ? "no prompts by role" : known.joined(separator: ", "))
        case .unknownEmbedder(let name, let known):
            "embedder is unknown (\(name)): there are \(known.joined(separator: ", "))"
        case .otherBackbone(let embedder, let backbones, let modelType, _):
            "embedder does not fit the model (\(embedder) in moca.json): its rules are for the "
                + "model_type \(backbones.joined(separator: " or ")), and that of config.json is "
                + modelType
        case .unknownArchitecture(let name, let modelType, let known):
            "architecture is unknown (\(name) in config.json): known with the model_type "
                + "\"\(modelType)\" are \(known.joined(separator: ", "))"
        case .badImageLimits(let minimum, let maximum):
            "limits of image tokens cannot be used (config.json): \(minimum), \(maximum), must be "
                + "1 to \(ImageLimits.mostTokens), the first not over the second"
        case .notAPage(let segments):
            "input is no page (\(segments) texts and images): the embedder takes one image, or "
                + "texts"
        case .instructionUnused:
            "instruction has no place (input): the embedder takes none"
        case .tokensDisagree(let token, let tokenizer, let configuration):
            "tokenizer and config.json disagree (\(token)): "
                + "\(tokenizer.map(String.init) ?? "no id") and \(configuration)"
        case .patchesDisagree(let setting, let processor, let configuration):
            "image processor and config.json disagree (\(setting)): "
                + "\(processor) and \(configuration)"
        case .imageChanged(let name):
            "image changed while it was read (\(name)): its size is not that of its header"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .emptyInput: "leave the input out, or give it text or an image"
        case .tooLong: "shorten it, raise max_length, or choose the truncation end"
        case .beyondPositions: "shorten it, or set max_length"
        case .badPrompt: "write the prompt with {text} for texts and {image} for images, each once"
        case .unknownRole(_, let known):
            known.isEmpty
                ? "leave the role out, or add the prompt to moca.json"
                : "name one of these, or add the prompt to moca.json"
        case .unknownEmbedder: "correct embedder in moca.json"
        case .otherBackbone(_, _, _, let known):
            "name one for this backbone in moca.json: \(known.joined(separator: ", "))"
        case .unknownArchitecture:
            "name the embedder whose rules the model follows as \"embedder\" in moca.json: "
                + EmbedderRules.presets.map(\.name).joined(separator: ", ")
        case .badImageLimits: "correct these keys of config.json"
        case .notAPage: "embed text and images as separate inputs"
        case .instructionUnused:
            "leave the instruction out, or add a prompt with {instruction} to moca.json"
        case .tokensDisagree: "use the tokenizer.json that belongs to the model"
        case .patchesDisagree: "use the preprocessor_config.json that belongs to the model"
        case .imageChanged: "run again when nothing writes to the file"
        }
    }
}
