// FLOPs of a forward pass, counted as multiplications and additions of its matrix products over
// actual tokens and patches, excluding element-wise work.

package import MoCaCore

/// The cost of inputs of one model, in FLOPs.
package protocol ForwardCost: Sendable {
    /// FLOPs of a token, excluding attention scores.
    var ofToken: Double { get }
    /// FLOPs of the output matrix, for a token whose logits are computed.
    var ofLogits: Double { get }
    /// FLOPs of a sequence in the language model, including image tokens.
    func ofSequence(tokens: Int) -> Double
    /// FLOPs of an image in the vision tower.
    func ofImage(_ plan: ImagePlan) -> Double
    /// FLOPs that the heads of pre-training add: logits of masked tokens, the decoder layer over
    /// all sequences, and the patches of masked image tokens.
    func ofHeads(_ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int) -> Double
}

extension ForwardCost {
    /// FLOPs of a packed batch, up to the last hidden states.
    package func ofInput(_ input: EncoderInput) -> Double {
        ofSequences(input) + ofImages(input)
    }

    /// FLOPs of a packed batch in the language model.
    package func ofSequences(_ input: EncoderInput) -> Double {
        zip(input.sequenceStarts, input.sequenceStarts.dropFirst())
            .reduce(0) { $0 + ofSequence(tokens: $1.1 - $1.0) }
    }

    /// FLOPs of a packed batch in the vision tower.
    package func ofImages(_ input: EncoderInput) -> Double {
        input.plans.reduce(0) { $0 + ofImage($1) }
    }
}
