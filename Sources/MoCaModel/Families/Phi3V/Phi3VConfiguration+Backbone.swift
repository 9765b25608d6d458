// Phi-3-vision (arXiv 2404.14219, section 6) as a family: its names, its sizes, and its modules.

package import MoCaCore
package import NN

extension Phi3VConfiguration: ImageTokenConfiguration {
    package static let familyName = "Phi-3-vision"
    package static let modelType = "phi3_v"
    package static let architectures = ["Phi3VForCausalLM", "Phi3VModel"]

    private static let embedder = "model.vision_embed_tokens."

    package static let keyRules = KeyRules(
        read: [
            (embedder + "img_processor.vision_model.", "visual."),
            (embedder + "img_projection.", "visual.projector."),
            (embedder, "visual."),
        ],
        written: [
            ("visual.projector.", embedder + "img_projection."),
            ("visual.glb_GN", embedder + "glb_GN"),
            ("visual.sub_GN", embedder + "sub_GN"),
            ("visual.", embedder + "img_processor.vision_model."),
        ])

    package var patch: PatchShape { vision.patch(mergeSize: 2) }
    package var visionLayers: LayerSizes { vision.layerSizes }
    package var summary: (text: [String: Int], vision: [String: Int]) {
        (text.summary, vision.summary)
    }
    package static var supportsReconstruction: Bool { false }
    package var unusedKeys: [String] { vision.unusedKeys }

    package var inputRules: any InputRules {
        TiledImageRules(
            imageToken: Self.imageToken, markers: [], patch: patch, tileSize: vision.imageSize,
            encodesTextsApart: true, vocabularySize: text.vocabularySize,
            maxPositions: text.maxPositions)
    }

    package var partKeys: PartKeys {
        PartKeys(
            vision: "visual.", visionInput: ["visual.embeddings.", "visual.pre_layrnorm."],
            visionLayers: "visual.encoder.layers.",
            textInput: [
                "model.embed_tokens.", "visual.projector.", "visual.glb_GN", "visual.sub_GN",
            ],
            textLayers: "model.layers.", text: "model.")
    }

    package func towerCost(_ plan: ImagePlan) -> Double {
        guard case .crops(let crops) = plan else { return 0 }
        let (merged, output) = (Double(4 * vision.hiddenSize), Double(text.hiddenSize))
        let projector = 2 * Double(crops.tokenCount) * (merged * output + output * output)
        return vision.cost(imageCount: crops.cropCount + 1) + projector
    }

    package mutating func complete(from shapes: [String: [Int]]) {
        let layers = "visual.encoder.layers."
        let indexes = shapes.keys.compactMap { key in
            key.hasPrefix(layers)
                ? Int(key.dropFirst(layers.count).prefix { $0 != "." }) : nil
        }
        vision.intermediateSize =
            shapes[layers + "0.mlp.fc1.bias"]?.first ?? vision.intermediateSize
        // Saved models have the used layers alone, and a file that states all of them.
        guard !knowsVisionLayers, !indexes.isEmpty else { return }
        let unusedCount = vision.layerCount - vision.usedLayerCount
        vision.layerCount = Set(indexes).count
        vision.usedLayerCount = max(0, vision.layerCount - unusedCount)
        knowsVisionLayers = true
    }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        ImageTokenModel(self, path) { Phi3VTower(self, $0) }
    }
}
