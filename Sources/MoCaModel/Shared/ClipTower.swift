// The vision tower of CLIP (arXiv 2103.00020, section 2.4): square images to the states of their
// patches, after a given layer.
// Shapes: S square images, P patches of all of them, L patches of one and a class token, W width.

import MoCaCore
import NN
import Torch

/// A CLIP layer: attention within an image, then a feed-forward layer, each after a norm.
struct ClipLayer: Sendable {
    let layerNorm1: LayerNorm
    let layerNorm2: LayerNorm
    let qProj: Linear
    let kProj: Linear
    let vProj: Linear
    let outProj: Linear
    let mlp: MLP
    let headCount: Int

    init(_ vision: ClipVision, _ path: ParameterPath) {
        let (width, epsilon) = (vision.hiddenSize, vision.normEpsilon)
        let attention = path / "self_attn"
        let branches = 2 * vision.layerCount
        layerNorm1 = LayerNorm(path / "layer_norm1", width: width, epsilon: epsilon)
        layerNorm2 = LayerNorm(path / "layer_norm2", width: width, epsilon: epsilon)
        qProj = Linear(attention / "q_proj", from: width, to: width)
        kProj = Linear(attention / "k_proj", from: width, to: width)
        vProj = Linear(attention / "v_proj", from: width, to: width)
        outProj = Linear(attention / "out_proj", from: width, to: width, branches: branches)
        mlp = MLP(
            first: path / "mlp" / "fc1", second: path / "mlp" / "fc2", width: width,
            intermediate: vision.intermediateSize, output: width, activation: .quickGelu,
            branches: branches)
        headCount = vision.headCount
    }

    /// Applies the layer to states `[S * L, W]`.
    func callAsFunction(
        _ x: Tensor, images: AttentionRuns, _ memory: RecomputePolicy
    ) -> Tensor {
        let normed = layerNorm1(x)
        let attended = images.attend(
            heads(qProj(normed)), heads(kProj(normed)), heads(vProj(normed)), isCausal: false)
        let y = x + outProj(attended)
        return y + memory.feedForward(y) { mlp(layerNorm2($0)) }
    }

    private func heads(_ x: Tensor) -> Tensor {
        let (rows, width) = x.sizes2()
        return x.reshaped([rows, headCount, width / headCount])
    }
}

/// The vision tower, up to the layer whose states are the features.
struct ClipTower: Sendable {
    let classEmbedding: Tensor
    /// The patch projection `[W, channels, side, side]`, without bias.
    let patchWeight: Tensor
    /// The positions `[L, W]`; the first is that of the class token.
    let positions: Tensor
    /// The norm before the layers, misspelled in checkpoints.
    let preLayrnorm: LayerNorm
    let layers: [ClipLayer]
    let vision: ClipVision

    init(_ vision: ClipVision, _ path: ParameterPath) {
        let (width, side) = (vision.hiddenSize, vision.patchSize)
        let embeddings = path / "embeddings"
        classEmbedding = embeddings.parameter("class_embedding", [width], .embedding)
        patchWeight = (embeddings / "patch_embedding").parameter(
            "weight", [width, 3, side, side], .linear(fanIn: 3 * side * side))
        positions = (embeddings / "position_embedding").parameter(
            "weight", [vision.patchCount + 1, width], .embedding)
        preLayrnorm = LayerNorm(path / "pre_layrnorm", width: width, epsilon: vision.normEpsilon)
        layers = (0..<vision.usedLayerCount).map {
            ClipLayer(vision, path / "encoder" / "layers" / $0)
        }
        self.vision = vision
    }

    /// Computes the states `[P, W]` of patches `[P, values]`, which are those of whole square
    /// images, row by row.
    func callAsFunction(
        _ pixelValues: Tensor, _ memory: RecomputePolicy, observe: StateObserver?
    ) -> Tensor {
        let width = vision.hiddenSize
        let length = vision.patchCount + 1
        let count = pixelValues.sizes2().0 / vision.patchCount
        let weight = patchWeight.reshaped([width, -1])
        let patches = pixelValues.to(weight.dtype).linear(weight, nil)
            .reshaped([count, vision.patchCount, width])
        let classes = classEmbedding.reshaped([1, 1, width]).expanded([count, 1, width])
        let embedded = Tensor.concatenated([classes, patches], axis: 1) + positions  // [S, L, W]
        observe?("vision.patch_embed", embedded)
        var x = preLayrnorm(embedded).reshaped([count * length, width])
        let images = AttentionRuns(starts: (0...count).map { $0 * length })
        for (index, layer) in layers.enumerated() {
            x = memory.layer(x) { layer($0, images: images, memory) }
            observe?("vision.block.\(index)", x)
        }
        return x.reshaped([count, length, width]).narrowed(1, 1..<length)
            .reshaped([count * vision.patchCount, width])
    }
}
