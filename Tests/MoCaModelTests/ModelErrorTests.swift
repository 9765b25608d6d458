import MoCaCore
import Testing

@testable import MoCaModel

@Suite struct ModelErrorTests {
    static let table: [(ModelError, String)] = [
        (
            .notJSON(file: "a/config.json", reason: "unexpected end"),
            "file is not JSON (a/config.json): unexpected end; "
                + "write it again, or copy it from the model's source"
        ),
        (
            .badConfiguration(
                file: "config.json",
                problems: [
                    SettingsProblem("hidden_size", "is 0, must be positive"),
                    SettingsProblem("vision_config", "is missing, must be an object"),
                ]),
            "model configuration cannot be used (config.json): hidden_size is 0, must be positive; "
                + "vision_config is missing, must be an object; "
                + "correct these keys, or use a Qwen2.5-VL, Qwen2-VL, Qwen3-VL, LLaVA-NeXT, Phi-3-vision or Llama-3.2-Vision checkpoint in Hugging Face layout"
        ),
        (
            .badAdapter(
                file: "adapter_config.json", problems: [SettingsProblem("r", "is 0")]),
            "adapter cannot be used (adapter_config.json): r is 0; take an adapter that PEFT's "
                + "LoraConfig has made, of these settings alone"
        ),
        (
            .modelsDiffer(first: "a", second: "b", reason: "only one has x"),
            "models have no average (a and b): only one has x; average models that were trained "
                + "from the same one"
        ),
        (
            .unsupportedModule(file: "modules.json", reason: "the module Dense is not supported"),
            "vectors of sentence-transformers cannot be computed (modules.json): the module Dense is "
                + "not supported; use another model, or write a moca.json with the pooling to "
                + "compute instead"
        ),
        (
            .badContract(
                file: "moca.json", problems: [SettingsProblem("mask_token", "is empty")]),
            "embedding contract cannot be used (moca.json): mask_token is empty; correct these keys "
                + "of moca.json, or remove the file to embed with the defaults"
        ),
        (
            .noReconstruction(folder: "m", family: "Phi-3-vision"),
            "model cannot be pre-trained (m): images of Phi-3-vision have no group of patches for "
                + "each token; fine-tune it instead, or pre-train a Qwen2.5-VL, Qwen2-VL or "
                + "Qwen3-VL checkpoint"
        ),
        (
            .imagesDisagree(reason: "image 0 has 4 image tokens"),
            "image tokens and images disagree (sequence): image 0 has 4 image tokens; write each "
                + "image as <|vision_start|>, its image tokens, <|vision_end|>, and give one grid "
                + "an image"
        ),
        (
            .badGrid(ImageGrid(t: 1, h: 3, w: 4), mergeSize: 2),
            "image grid cannot be used (1 x 3 x 4): height and width must be positive multiples "
                + "of 2, time positive, all under 65536; "
                + "make image_grid_thw with the model's own preprocessor_config.json"
        ),
        (
            .sameParameter(first: "a", second: "b", parameter: "c"),
            "checkpoint names a parameter twice (c): a and b mean the same; "
                + "keep one of the two tensors in the checkpoint"
        ),
        (
            .emptySequence(number: 3),
            "input has no tokens (sequence 3): nothing can be embedded; "
                + "leave the input out, or give it text or an image"
        ),
        (
            .sequenceTooLong(number: 0, length: 9, longest: 8),
            "input is too long (sequence 0): 9 tokens, the model has 8 positions; "
                + "shorten the input, or limit its length (max_length)"
        ),
        (
            .unknownToken(id: 7, rows: 5),
            "token is unknown to the model (7): the embedding matrix has 5 rows; "
                + "use the tokenizer that belongs to the model"
        ),
        (
            .patchesDisagree(shape: [4, 1], expected: [8, 1176]),
            "patches do not fit the images (pixel_values): shape [4, 1], expected [8, 1176]; make "
                + "pixel_values and image_grid_thw with the model's own preprocessor_config.json"
        ),
        (
            .unreadable(file: "m/config.json", reason: "R"),
            "file cannot be read (m/config.json): R; check the path and its permissions"
        ),
        (
            .isAdapter(folder: "a"),
            "folder has no model (a): it has an adapter, which belongs to a model; give it as the "
                + "adapter of the model that base_model_name_or_path of its adapter_config.json "
                + "names"
        ),
        (
            .missingFile("m/config.json"),
            "file is missing (m/config.json): a model folder in Hugging Face layout has it; "
                + "check the path of the model"
        ),
        (
            .cannotWrite(file: "m", reason: "disk full"),
            "file cannot be written (m): disk full; "
                + "check the path, its permissions and the free space"
        ),
    ]

    @Test(arguments: table)
    func text(_ error: ModelError, _ expected: String) {
        #expect(error.oneLine == expected)
    }

    @Test func kinds() {
        #expect(ModelError.notJSON(file: "", reason: "").kind == .badConfiguration)
        #expect(ModelError.badConfiguration(file: "", problems: []).kind == .badConfiguration)
        #expect(ModelError.badContract(file: "", problems: []).kind == .badConfiguration)
        #expect(ModelError.imagesDisagree(reason: "").kind == .badData)
    }
}
