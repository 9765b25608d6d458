// The vision tower of Llama 3.2 Vision (released code of llama_models 0.3.0, multimodal/model.py):
// tiles to vectors, in a local transformer over all tiles and a gated one behind it.
// Shapes: P patches, C tiles, R vectors of a tile, W vision width, H heads, D components per head,
// N rows of an image: C * R vectors, and fillers behind them.

import MoCaCore
import NN
import Torch

/// A layer of either transformer: attention, then a feed-forward layer. In the second one, a gate
/// scales what each adds.
struct TileLayer: Sendable {
    let inputLayernorm: LayerNorm
    let postAttentionLayernorm: LayerNorm
    let qProj: Linear
    let kProj: Linear
    let vProj: Linear
    let oProj: Linear
    let mlp: MLP
    let gateAttn: Gate?
    let gateFfn: Gate?
    let headCount: Int

    init(
        _ vision: MllamaConfiguration.Vision, layerCount: Int, isGated: Bool,
        _ path: ParameterPath
    ) {
        let (width, epsilon) = (vision.hiddenSize, vision.normEpsilon)
        inputLayernorm = LayerNorm(path / "input_layernorm", width: width, epsilon: epsilon)
        postAttentionLayernorm = LayerNorm(
            path / "post_attention_layernorm", width: width, epsilon: epsilon)
        func projection(_ name: String, branches: Int? = nil) -> Linear {
            Linear(
                path / "self_attn" / name, from: width, to: width, hasBias: false,
                branches: branches)
        }
        qProj = projection("q_proj")
        kProj = projection("k_proj")
        vProj = projection("v_proj")
        oProj = projection("o_proj", branches: 2 * layerCount)
        mlp = MLP(
            first: path / "mlp" / "fc1", second: path / "mlp" / "fc2", width: width,
            intermediate: vision.intermediateSize, output: width, activation: .gelu,
            branches: 2 * layerCount)
        gateAttn = isGated ? Gate(path, "gate_attn") : nil
        gateFfn = isGated ? Gate(path, "gate_ffn") : nil
        headCount = vision.headCount
    }

    /// Computes the layer on the rows `[N, W]` of an image, the first `shown` of which are of its
    /// own tiles.
    func callAsFunction(_ x: Tensor, shown: Int, _ memory: RecomputePolicy) -> Tensor {
        let normed = inputLayernorm(x)
        let parts = [qProj, kProj, vProj].map { heads($0(normed)) }
        let attended = oProj(attention(parts[0], parts[1], parts[2], shown))
        let y = x + scaled(attended, gateAttn)
        return y
            + memory.feedForward(y) { scaled(mlp(postAttentionLayernorm($0)), gateFfn) }
    }

    /// Attention in which rows of the image's own tiles see every row, fillers and absent tiles
    /// included, and all other rows see those of the own tiles: the rule by which the released
    /// model was trained, whose mask blocks pairs of padded rows only.
    private func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ shown: Int) -> Tensor {
        let (count, width) = (q.shape[2], q.shape[3])
        let scale = 1 / Double(width).squareRoot()
        var all = q.narrowed(2, 0..<shown)
            .attention(keys: k, values: v, isCausal: false, scale: scale)
        if shown < count {
            let padded = q.narrowed(2, shown..<count).attention(
                keys: k.narrowed(2, 0..<shown), values: v.narrowed(2, 0..<shown),
                isCausal: false, scale: scale)
            all = .concatenated([all, padded], axis: 2)
        }
        return all.transposed(1, 2).reshaped([count, headCount * width])
    }

    /// The heads `[1, H, N, D]` of rows `[N, W]`.
    private func heads(_ x: Tensor) -> Tensor {
        let (rows, width) = x.sizes2()
        return x.reshaped([1, rows, headCount, width / headCount]).transposed(1, 2)
    }

    private func scaled(_ x: Tensor, _ gate: Gate?) -> Tensor {
        gate.map { x * $0.factor } ?? x
    }
}

/// The vision tower, which maps the patches of an image to vectors for cross-attention.
struct MllamaTower: Sendable {
    /// The patch projection `[W, channels, side, side]`, without bias.
    let patchWeight: Tensor
    let classEmbedding: Tensor
    let positions: PatchPositions
    let tilesBefore: TileEmbedding
    let tilesAfter: TileEmbedding
    let layernormPre: LayerNorm
    let layernormPost: LayerNorm
    let transformer: [TileLayer]
    let globalTransformer: [TileLayer]
    let vision: MllamaConfiguration.Vision

    init(_ vision: MllamaConfiguration.Vision, _ path: ParameterPath) {
        let (width, side) = (vision.hiddenSize, vision.patchSize)
        patchWeight = (path / "patch_embedding").parameter(
            "weight", [width, vision.channelCount, side, side],
            .linear(fanIn: vision.channelCount * side * side))
        classEmbedding = path.parameter("class_embedding", [width], .embedding)
        positions = PatchPositions(vision, path / "gated_positional_embedding")
        tilesBefore = TileEmbedding(vision, path / "pre_tile_positional_embedding")
        tilesAfter = TileEmbedding(vision, path / "post_tile_positional_embedding")
        func norm(_ name: String) -> LayerNorm {
            LayerNorm(path / name, width: width, epsilon: vision.normEpsilon)
        }
        layernormPre = norm("layernorm_pre")
        layernormPost = norm("layernorm_post")
        func layers(_ name: String, _ count: Int, isGated: Bool) -> [TileLayer] {
            (0..<count).map { index in
                TileLayer(
                    vision, layerCount: count, isGated: isGated, path / name / "layers" / index)
            }
        }
        transformer = layers("transformer", vision.layerCount, isGated: false)
        globalTransformer = layers(
            "global_transformer", vision.globalLayerCount, isGated: true)
        self.vision = vision
    }

    /// Computes the vectors `[C * R, outputWidth]` of an image, tile by tile, absent tiles last.
    ///
    /// The last state and each tapped one are interleaved number by number; tapped are the inputs
    /// of layers. transformers 4.57 to 5.23 take the layers' outputs, for which no model was
    /// trained.
    ///
    /// - Parameter patches: the patches `[P, values]` of the image's own tiles.
    func callAsFunction(
        _ patches: Tensor, _ canvas: ImageCanvas, _ memory: RecomputePolicy, observe: StateObserver?
    ) -> Tensor {
        let row = Tensor([vision.tableRow(of: canvas)], on: patches.device)
        let shown = canvas.tileCount * vision.tileVectors
        let vectors = 0..<vision.tileCountMax * vision.tileVectors
        var x = rows(patches, row)
        observe?("vision.input", x)
        var taps: [Tensor] = []
        for (index, layer) in transformer.enumerated() {
            if vision.tapIndexes.contains(index) { taps.append(x.narrowed(0, vectors)) }
            x = memory.layer(x) { layer($0, shown: shown, memory) }
            observe?("vision.layer.\(index)", x)
        }
        x = addingTiles(layernormPost(x), row)
        for (index, layer) in globalTransformer.enumerated() {
            x = memory.layer(x) { layer($0, shown: shown, memory) }
            observe?("vision.global_layer.\(index)", x)
        }
        let last = x.narrowed(0, vectors)
        guard !taps.isEmpty else { return last }
        let tapped = Tensor.stacked(taps, axis: 2).reshaped([vectors.count, -1])
        return Tensor.concatenated([last, tapped], axis: 1)
    }

    /// The rows `[N, W]` that enter the first layer; rows of absent tiles are made of zeros.
    private func rows(_ patches: Tensor, _ row: Tensor) -> Tensor {
        let (tiles, width) = (vision.tileCountMax, vision.hiddenSize)
        let weight = patchWeight.reshaped([width, -1])
        var embedded = patches.to(weight.dtype).linear(weight, nil)  // [P, W]
        let perTile = vision.tileVectors - 1
        let absent = tiles * perTile - embedded.sizes2().0
        if absent > 0 {
            let zeros = Tensor.zeros([absent, width], dtype: weight.dtype, on: weight.device)
            embedded = .concatenated([embedded, zeros])
        }
        let placed = embedded.reshaped([tiles, perTile, width]) + tilesBefore(row)
        let leading = classEmbedding.reshaped([1, 1, width]).expanded([tiles, 1, width])
        let normed = layernormPre(
            positions(Tensor.concatenated([leading, placed], axis: 1), row))
        let fillers = Tensor.zeros(
            [tiles * vision.tileFiller, width], dtype: weight.dtype, on: weight.device)
        return .concatenated([normed.reshaped([-1, width]), fillers])
    }

    /// Adds a vector to each row of a tile, and to its fillers.
    private func addingTiles(_ x: Tensor, _ row: Tensor) -> Tensor {
        let (width, own) = (vision.hiddenSize, tilesAfter(row))
        let spread = [vision.tileVectors, vision.tileFiller].filter { $0 > 0 }.map { count in
            own.expanded([vision.tileCountMax, count, width]).reshaped([-1, width])
        }
        return x + Tensor.concatenated(spread)
    }
}
