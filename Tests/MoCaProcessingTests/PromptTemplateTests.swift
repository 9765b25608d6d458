import Foundation
import MoCaCore
import Testing

@testable import MoCaProcessing

@Suite struct PromptTemplateTests {
    private let picture = ImageSource.encoded(Data([1]), name: "p")

    private func apply(_ template: String, _ content: Content) throws -> [Content.Segment] {
        try PromptTemplate(template, role: .query)(content).segments
    }

    @Test func textsGoToTheirPlace() throws {
        #expect(
            try apply("Find: {text}!", .text("a cat")) == [
                .text("Find: "), .text("a cat"), .text("!"),
            ])
    }

    @Test func imagesGoToTheirPlace() throws {
        let image = Content.Segment.image(picture)
        #expect(
            try apply("{image}\nRepresent the given document image.", Content([image]))
                == [image, .text("\nRepresent the given document image.")])
        #expect(
            try apply("{text} in {image}", Content([image, .text("cat")]))
                == [.text("cat"), .text(" in "), image])
    }

    @Test func onePlaceTakesTheWholeContentInItsOrder() throws {
        let mixed = Content([.text("a"), .image(picture), .text("b")])
        #expect(try apply("q: {text}", mixed) == [.text("q: ")] + mixed.segments)
        #expect(try apply("{image}.", mixed) == mixed.segments + [.text(".")])
    }

    @Test(arguments: ["plain", "{text} and {text}", ""])
    func templatesWithoutOrWithTwoPlacesAreRefused(template: String) {
        #expect(throws: ProcessingError.self) { try PromptTemplate(template, role: .query) }
    }

    static let errors: [(ProcessingError, String)] = [
        (
            .emptyInput,
            "input has no tokens (text and images are empty): nothing can be embedded; "
                + "leave the input out, or give it text or an image"
        ),
        (
            .tooLong(tokens: 9, maxLength: 4),
            "input is too long (9 tokens): the limit is 4; "
                + "shorten it, raise max_length, or choose the truncation end"
        ),
        (
            .beyondPositions(tokens: 9, positions: 8),
            "input is too long (9 tokens): the model has 8 positions; "
                + "shorten it, or set max_length"
        ),
        (
            .unknownEmbedder(name: "clip", known: ["moca", "gme"]),
            "embedder is unknown (clip): there are moca, gme; correct embedder in moca.json"
        ),
        (
            .unknownArchitecture(name: "A", modelType: "t", known: ["B", "C"]),
            "architecture is unknown (A in config.json): known with the model_type \"t\" are B, C; "
                + "name the embedder whose rules the model follows as \"embedder\" in moca.json: "
                + "moca, vlm2vec, gme, colqwen2, colqwen2_hf, colqwen2_5, biqwen2_5, "
                + "qwen3_vl_embedding, vlm2vec_llava, vlm2vec_phi3v, mme5"
        ),
        (
            .badImageLimits(
                minimum: SettingsProblem("low", "is 0"), maximum: SettingsProblem("high", "is 9")),
            "limits of image tokens cannot be used (config.json): low is 0, high is 9, must be 1 "
                + "to 1048576, the first not over the second; correct these keys of config.json"
        ),
        (
            .notAPage(segments: 2),
            "input is no page (2 texts and images): the embedder takes one image, or texts; "
                + "embed text and images as separate inputs"
        ),
        (
            .instructionUnused,
            "instruction has no place (input): the embedder takes none; leave the instruction out, "
                + "or add a prompt with {instruction} to moca.json"
        ),
        (
            .badPrompt(role: "query", template: "x", reason: "it has neither {text} nor {image}"),
            "prompt cannot be used (query: \"x\"): it has neither {text} nor {image}; write the "
                + "prompt with {text} for texts and {image} for images, each once"
        ),
        (
            .unknownRole(role: "r", known: ["query"]),
            "prompt is unknown (r): the model has query; "
                + "name one of these, or add the prompt to moca.json"
        ),
        (
            .unknownRole(role: "r", known: []),
            "prompt is unknown (r): the model has no prompts by role; "
                + "leave the role out, or add the prompt to moca.json"
        ),
        (
            .otherBackbone(
                embedder: "gme", backbones: ["qwen2_vl"], modelType: "phi3_v", known: ["a", "b"]),
            "embedder does not fit the model (gme in moca.json): its rules are for the model_type "
                + "qwen2_vl, and that of config.json is phi3_v; name one for this backbone in "
                + "moca.json: a, b"
        ),
        (
            .patchesDisagree(setting: "patch_size", processor: 16, configuration: 14),
            "image processor and config.json disagree (patch_size): 16 and 14; "
                + "use the preprocessor_config.json that belongs to the model"
        ),
        (
            .tokensDisagree(token: "<|image_pad|>", tokenizer: nil, configuration: 7),
            "tokenizer and config.json disagree (<|image_pad|>): no id and 7; "
                + "use the tokenizer.json that belongs to the model"
        ),
        (
            .imageChanged(name: "a.png"),
            "image changed while it was read (a.png): its size is not that of its header; "
                + "run again when nothing writes to the file"
        ),
    ]

    @Test(arguments: errors)
    func errorText(_ error: ProcessingError, _ expected: String) {
        #expect(error.oneLine == expected)
    }
}
