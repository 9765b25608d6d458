// The sizes of a CLIP vision tower (arXiv 2103.00020) whose patches become image tokens.

import MoCaSettings

/// The settings that determine the shape and computation of a CLIP vision tower.
package struct ClipVision: Sendable, Hashable {
    package var hiddenSize: Int
    package var intermediateSize: Int
    /// The number of layers of the checkpoint, the last of which may be unused.
    package var layerCount: Int
    package var headCount: Int
    /// The side of the square images that the tower sees, in pixels.
    package var imageSize: Int
    /// The side of a patch, in pixels.
    package var patchSize: Int
    /// Added to the variance by the norms.
    package var normEpsilon = 1e-5
    /// The number of layers that are computed; the state after them is the features.
    package var usedLayerCount: Int

    /// The number of patches along a side of an image.
    package var side: Int { imageSize / patchSize }
    /// The number of patches of an image.
    package var patchCount: Int { side * side }

    /// The shape of patches, of which `mergeSize` x `mergeSize` become a token.
    package func patch(mergeSize: Int) -> PatchShape {
        PatchShape(channelCount: 3, size: patchSize, frameCount: 1, mergeSize: mergeSize)
    }

    /// The sizes that memory estimates need. A layer keeps the tensors of a decoder layer, with keys
    /// and values as wide as queries, and two tensors of the feed-forward layer and its activation.
    package var layerSizes: LayerSizes {
        LayerSizes(
            layerCount: usedLayerCount, width: hiddenSize, intermediateSize: intermediateSize,
            keptCount: 9 * hiddenSize + 4 * intermediateSize)
    }

    /// The sizes that `moca model info` lists, by name.
    package var summary: [String: Int] {
        [
            "width": hiddenSize, "blocks": layerCount, "used_blocks": usedLayerCount,
            "heads": headCount, "intermediate": intermediateSize, "patch": patchSize,
            "tile": imageSize,
        ]
    }

    /// FLOPs of square images in the tower.
    package func cost(imageCount: Int) -> Double {
        let (tokens, width) = (Double(patchCount + 1), Double(hiddenSize))
        let linear = 4 * width * width + 2 * width * Double(intermediateSize)
        let layer = 2 * tokens * linear + 4 * tokens * tokens * width
        let patches = 2 * Double(patchCount * 3 * patchSize * patchSize) * width
        return Double(imageCount) * (Double(usedLayerCount) * layer + patches)
    }

    /// The prefixes of tensors that the checkpoint has and the features do not need.
    package var unusedKeys: [String] {
        let layers = (usedLayerCount..<max(usedLayerCount, layerCount)).map {
            "visual.encoder.layers.\($0)."
        }
        return layers + ["visual.post_layernorm.", "visual.embeddings.position_ids"]
    }
}

extension ClipVision {
    /// Reads the section of a `clip_vision_model`, with the defaults of transformers; problems are
    /// added to its context.
    ///
    /// - Parameter featureLayer: the index of the state that is the features: 0 is the input of the
    ///   first layer, and negative ones count from the end.
    init(_ section: Section, featureLayer: Int, featureKey: String) {
        let layers = section.count("num_hidden_layers", default: 12)
        self.init(
            hiddenSize: section.count("hidden_size", default: 768),
            intermediateSize: section.count("intermediate_size", default: 3072),
            layerCount: layers, headCount: section.count("num_attention_heads", default: 12),
            imageSize: section.count("image_size", default: 224),
            patchSize: section.count("patch_size", default: 32),
            normEpsilon: section.number("layer_norm_eps", default: 1e-5),
            usedLayerCount: featureLayer < 0 ? layers + 1 + featureLayer : featureLayer)
        section.checkActivation("quick_gelu")
        section.context.require(
            featureKey, section.keyPath("num_hidden_layers"),
            reason: "is \(featureLayer), must name one of the \(layers + 1) states of the tower",
            if: { (0...layers).contains(usedLayerCount) })
        section.context.require(
            section.keyPath("num_attention_heads"), section.keyPath("hidden_size"),
            reason: "is \(headCount), must divide hidden_size \(hiddenSize) evenly",
            if: { hiddenSize % headCount == 0 })
        section.context.require(
            section.keyPath("patch_size"), section.keyPath("image_size"),
            reason: "is \(patchSize), must divide image_size \(imageSize) evenly",
            if: { imageSize % patchSize == 0 })
    }

    /// The entries of `vision_config`.
    var entries: JSONObject {
        [
            "model_type": .string("clip_vision_model"),
            "hidden_act": .string("quick_gelu"),
            "hidden_size": .integer(hiddenSize),
            "intermediate_size": .integer(intermediateSize),
            "num_hidden_layers": .integer(layerCount),
            "num_attention_heads": .integer(headCount),
            "image_size": .integer(imageSize),
            "patch_size": .integer(patchSize),
            "layer_norm_eps": .number(normEpsilon),
        ]
    }
}
