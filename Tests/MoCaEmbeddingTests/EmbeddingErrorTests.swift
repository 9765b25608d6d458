import MoCaCore
import MoCaProcessing
import Testing

@testable import MoCaEmbedding

/// Every case, exact text.
struct EmbeddingErrorTests {
    @Test(
        arguments: [
            (
                .badOption(name: "N", value: 0, allowed: "1 to 2"), .badConfiguration,
                "option cannot be used (N): it is 0, allowed is 1 to 2; set it within the range"
            ),
            (
                .badInput(number: 0, ProcessingError.emptyInput), .badData,
                "input cannot be embedded (input 1): input has no tokens (text and images are "
                    + "empty): nothing can be embedded; leave the input out, or give it text or an "
                    + "image"
            ),
            (
                .badNamedInput(name: "P", ProcessingError.notAPage(segments: 2)), .badData,
                "input cannot be embedded (P): input is no page (2 texts and images): the embedder "
                    + "takes one image, or texts; embed text and images as separate inputs"
            ),
            (
                .notFinite, .badData,
                "its vector has an infinity or a not-a-number: the weights or the input overflow; "
                    + "compute in float32, and check the weights for NaN or infinity"
            ),
            (
                .noModel(folder: "F"), .inputMissing,
                "model is missing (F): there is no config.json; name a folder in Hugging Face layout"
            ),
            (
                .multiVector(use: "U"), .badConfiguration,
                "model cannot be used (U): it gives a vector for each token, and one vector is "
                    + "needed; use a model with one vector for each input"
            ),
            (
                .noInstruction(embedder: "E"), .badConfiguration,
                "instruction cannot be used (embedder 'E'): its prompts have no place for one; "
                    + "leave it out, or write a prompt with {instruction} into moca.json"
            ),
            (
                .noPooling(embedder: "E"), .badConfiguration,
                "pooling cannot be used (embedder 'E'): it gives a vector for each token; leave "
                    + "pooling to the model"
            ),
            (
                .notDecomposable(pooling: "last"), .badConfiguration,
                "similarity is no sum over tokens (pooling 'last'): a vector is the state of one "
                    + "token, which has seen all the others; use a model with mean pooling, or "
                    + "set pooling to mean"
            ),
        ] as [(EmbeddingError, FailureKind, String)])
    func texts(_ error: EmbeddingError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
