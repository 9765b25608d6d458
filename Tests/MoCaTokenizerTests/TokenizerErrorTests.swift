// The exact words of every error.

import MoCaCore
import MoCaTokenizer
import Testing

@Suite struct TokenizerErrorTests {
    private static let fetch = "use the tokenizer files that belong to the checkpoint, unedited"
    static let table: [(error: TokenizerError, kind: FailureKind, line: String)] = [
        (
            .unreadable(file: "m/tokenizer.json", reason: "there is no such file"), .inputMissing,
            "cannot read the tokenizer (m/tokenizer.json): there is no such file; "
                + "give the folder of a Hugging Face checkpoint, or its tokenizer.json"
        ),
        (
            .malformedJSON(file: "t.json", offset: 7, reason: "expected :"), .badData,
            "malformed JSON (t.json, byte 7): expected :; "
                + "fetch the file again; it may have been cut or edited"
        ),
        (
            .missingField(file: "t.json", field: "model.vocab"), .badData,
            "incomplete tokenizer (t.json): the field model.vocab is missing; \(fetch)"
        ),
        (
            .unsupported(
                file: "t.json",
                problems: [
                    SettingsProblem("model.type", "is \"Unigram\", must be \"BPE\""),
                    SettingsProblem("decoder", "is null, must be ByteLevel"),
                ]),
            .badConfiguration,
            "unsupported tokenizer (t.json): model.type is \"Unigram\", must be \"BPE\"; "
                + "decoder is null, must be ByteLevel; "
                + "use a checkpoint whose tokenizer.json is a BPE as that of Qwen2, Llama or Mistral"
        ),
        (
            .inconsistent(file: "t.json", field: "model.vocab", reason: "two tokens have the id 3"),
            .badData,
            "inconsistent tokenizer (t.json, model.vocab): two tokens have the id 3; \(fetch)"
        ),
        (
            .refusedToken(token: "<|image_pad|>"), .badData,
            "refused token (<|image_pad|>): plain text must not hold it; "
                + "give images as images, or remove the token from the text"
        ),
        (
            .unwritable(file: "out/tokenizer.json", reason: "the disk is full"),
            .cannotCreateOutput,
            "cannot write the tokenizer (out/tokenizer.json): the disk is full; "
                + "give a folder that exists and may be written, on a disk with space"
        ),
    ]

    @Test(arguments: 0..<table.count) func words(_ row: Int) {
        let (error, kind, line) = Self.table[row]
        #expect(error.oneLine == line)
        #expect(error.kind == kind)
    }
}
