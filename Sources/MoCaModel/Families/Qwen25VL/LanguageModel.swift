// The language model of Qwen2.5-VL: a decoder whose attention mode is a setting.
// Shapes: T packed tokens, W width, H heads, G key/value heads, D components per head.

import MoCaCore
import NN
import Torch

/// The rotary tables and attention runs of a packed batch.
package struct SequenceContext: Sendable {
    let rotary: RotaryTable
    let runs: AttentionRuns
    let isCausal: Bool
}

/// A decoder layer: attention, then a gated feed-forward layer, each after a norm.
package struct DecoderLayer: Sendable {
    let inputLayernorm: RMSNorm
    let postAttentionLayernorm: RMSNorm
    let qProj: Linear
    let kProj: Linear
    let vProj: Linear
    let oProj: Linear
    let mlp: GatedMLP
    let configuration: Qwen25VLConfiguration.Text

    init(_ text: Qwen25VLConfiguration.Text, _ path: ParameterPath) {
        let (width, epsilon) = (text.hiddenSize, text.rmsNormEpsilon)
        let attention = path / "self_attn"
        inputLayernorm = RMSNorm(path / "input_layernorm", width: width, epsilon: epsilon)
        postAttentionLayernorm = RMSNorm(
            path / "post_attention_layernorm", width: width, epsilon: epsilon)
        qProj = Linear(attention / "q_proj", from: width, to: width)
        kProj = Linear(attention / "k_proj", from: width, to: text.keyValueSize)
        vProj = Linear(attention / "v_proj", from: width, to: text.keyValueSize)
        let branches = 2 * text.layerCount
        oProj = Linear(
            attention / "o_proj", from: width, to: width, hasBias: false, branches: branches)
        mlp = GatedMLP(
            path / "mlp", width: width, intermediate: text.intermediateSize, hasBias: false,
            branches: branches)
        configuration = text
    }

    func callAsFunction(
        _ x: Tensor, _ context: SequenceContext, _ memory: LayerMemory
    ) -> Tensor {
        let normed = inputLayernorm(x)
        let q = context.rotary.rotate(heads(qProj(normed), configuration.headCount))  // [T, H, D]
        let k = context.rotary.rotate(heads(kProj(normed), configuration.keyValueHeadCount))
        let v = heads(vProj(normed), configuration.keyValueHeadCount)  // [T, G, D]
        let attended = context.runs.attend(q, k, v, isCausal: context.isCausal)  // [T, W]
        let y = x + oProj(attended)
        return y + memory.feedForward(y) { mlp(postAttentionLayernorm($0)) }
    }

    private func heads(_ x: Tensor, _ count: Int) -> Tensor {
        x.reshaped([-1, count, configuration.headDimension])
    }
}

/// The language model, which maps token vectors to hidden states.
struct LanguageModel: Sendable {
    let embedTokens: TokenEmbedding
    let layers: [DecoderLayer]
    let norm: RMSNorm
    let configuration: Qwen25VLConfiguration.Text

    init(_ text: Qwen25VLConfiguration.Text, _ path: ParameterPath) {
        embedTokens = TokenEmbedding(
            path / "embed_tokens", rows: text.vocabularySize, width: text.hiddenSize)
        layers = (0..<text.layerCount).map { DecoderLayer(text, path / "layers" / $0) }
        norm = RMSNorm(path / "norm", width: text.hiddenSize, epsilon: text.rmsNormEpsilon)
        configuration = text
    }

    /// Computes the last hidden states `[T, W]`, after the final norm, of token vectors `[T, W]`.
    func callAsFunction(
        _ embedded: Tensor, _ context: SequenceContext, _ memory: LayerMemory,
        observe: StateObserver?
    ) -> Tensor {
        var x = embedded
        observe?("text.input", x)
        for (index, layer) in layers.enumerated() {
            x = memory.layer(x) { layer($0, context, memory) }
            observe?("text.layer.\(index)", x)
        }
        let final = norm(x)
        observe?("text.final", final)
        return final
    }
}
