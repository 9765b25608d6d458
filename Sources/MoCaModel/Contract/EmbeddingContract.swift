// moca.json: the settings under which a model's vectors are those of its author.

package import Foundation
package import MoCaCore
package import MoCaSettings
import MoCaSystem

/// The embedding contract of a model. A nil field is read from the model's other files; the
/// defaults are bidirectional attention, mean pooling and normalised vectors.
package struct EmbeddingContract: Sendable, Hashable {
    /// The embedder whose rules the model follows; nil for that of `config.json`.
    package var embedder: String?
    /// Which tokens a token attends to.
    package var attention: AttentionMode?
    /// How hidden states are pooled into a vector.
    package var pooling: PoolingMode?
    /// Whether vectors have unit length.
    package var normalize: Bool?
    /// The prompt templates with `{text}` and `{image}`, by role.
    package var prompts: [Role: String] = [:]
    /// The instruction of inputs that have none, for embedders that take one.
    package var instruction: String?
    /// How tokens are numbered.
    package var positions: PositionRule?
    /// What becomes of transparent pixels.
    package var alpha: AlphaRule?
    /// The minimum number of pixels of an image after resizing.
    package var minPixels: Int?
    /// The maximum number of pixels of an image after resizing.
    package var maxPixels: Int?
    /// Which orientation tags of image files are applied.
    package var orientation: OrientationPolicy?
    /// The maximum number of tokens of an input.
    package var maxLength: Int?
    /// What happens to an input longer than `maxLength`; only with `maxLength`.
    package var truncation: TruncationPolicy?
    /// The token that replaces masked ones in pre-training.
    package var maskToken: String?
    /// The lengths to which a vector may be cut before it is normalised again (Matryoshka),
    /// ascending.
    package var dimensions: [Int] = []
    /// Inputs with the vectors that a correct implementation computes.
    package var probes: [Probe] = []
    /// Keys that begin with `x_`, which are kept for other programs and never read.
    package var extensions: [String: JSON] = [:]

    package init() {}

    /// The name of the file, beside the weights.
    package static let fileName = "moca.json"

    /// One input and its vector.
    package struct Probe: Sendable, Hashable {
        /// The text, as in a record for `moca embed`.
        package var text: String
        /// The images as `data:` URLs, in the order of their markers in the text.
        package var images: [String]
        /// The role whose prompt is put around the input; nil for none.
        package var role: Role?
        /// The vector, computed in float32.
        package var vector: [Float]
        /// The largest accepted absolute difference, by the type of the computation.
        package var tolerance: [String: Float]

        /// The accepted difference if a probe has none: the rounding of a correct implementation.
        package static let defaultTolerance: [String: Float] = [
            "float32": 1e-5, "float16": 5e-3, "bfloat16": 3e-2, "int8": 1e-1,
        ]

        package init(
            text: String, images: [String] = [], role: Role? = nil, vector: [Float],
            tolerance: [String: Float] = Probe.defaultTolerance
        ) {
            self.text = text
            self.images = images
            self.role = role
            self.vector = vector
            self.tolerance = tolerance
        }

        /// The encoded bytes of each image; nil if a URL is not base64 `data:` of an image.
        package var imageData: [Data?] { images.map(Self.decode) }

        /// The `data:` URL of an encoded image, such as `image/png`.
        package static func dataURL(_ data: Data, mediaType: String) -> String {
            "data:\(mediaType);base64,\(data.base64EncodedString())"
        }

        private static func decode(_ url: String) -> Data? {
            guard url.hasPrefix("data:image/"), let comma = url.firstIndex(of: ",") else {
                return nil
            }
            guard url[..<comma].hasSuffix(";base64") else { return nil }
            let data = Data(base64Text: url[url.index(after: comma)...])
            return data.flatMap { $0.isEmpty ? nil : $0 }
        }
    }
}

// MARK: - Validation

extension EmbeddingContract {
    /// All problems of the contract; `vectorLength` is that of the model, if known.
    package func problems(vectorLength: Int? = nil) -> [SettingsProblem] {
        let context = SettingsContext(.json)
        checkLimits(context)
        checkPrompts(context)
        checkDimensions(context, vectorLength)
        for (number, probe) in probes.enumerated() {
            check(probe, "probes[\(number)]", context, vectorLength)
        }
        return context.problems
    }

    private func checkLimits(_ context: SettingsContext) {
        for (key, value) in [
            ("min_pixels", minPixels), ("max_pixels", maxPixels), ("max_length", maxLength),
        ] {
            if let value, value < 1 { context.add(key, "is \(value), must be positive") }
        }
        if let minPixels, let maxPixels, minPixels > maxPixels {
            context.add("min_pixels", "is \(minPixels), must not be over max_pixels \(maxPixels)")
        }
        if truncation != nil, maxLength == nil {
            context.add("truncation", "is there without max_length, which it needs")
        }
        if maskToken == "" { context.add("mask_token", "is empty, must be a token") }
    }

    private func checkPrompts(_ context: SettingsContext) {
        for (role, template) in prompts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let path = "prompts.\(role.rawValue)"
            if role.rawValue.isEmpty { context.add("prompts", "has an empty role") }
            if !template.contains("{text}"), !template.contains("{image}") {
                context.add(path, "has neither {text} nor {image}")
            }
            for place in ["{text}", "{image}", "{instruction}"]
            where template.ranges(of: place).count > 1 {
                context.add(path, "has \(place) more than once")
            }
        }
    }

    private func checkDimensions(_ context: SettingsContext, _ vectorLength: Int?) {
        let isAscending = zip(dimensions, dimensions.dropFirst()).allSatisfy { $0 < $1 }
        if !isAscending || dimensions.contains(where: { $0 < 1 }) {
            context.add("dimensions", "is \(dimensions), must be positive and ascending")
        } else if let vectorLength, let last = dimensions.last, last > vectorLength {
            context.add("dimensions", "holds \(last), must be at most the model's \(vectorLength)")
        }
    }

    private func check(
        _ probe: Probe, _ path: String, _ context: SettingsContext, _ vectorLength: Int?
    ) {
        if probe.text.isEmpty, probe.images.isEmpty {
            context.add(path, "has neither text nor images")
        }
        for (number, data) in probe.imageData.enumerated() where data == nil {
            context.add("\(path).images[\(number)]", "is not a data:image/...;base64, URL")
        }
        if let role = probe.role, prompts[role] == nil {
            context.add("\(path).role", "is \"\(role.rawValue)\", which prompts do not have")
        }
        if let vectorLength, probe.vector.count != vectorLength {
            context.add(
                "\(path).vector",
                "has \(probe.vector.count) numbers, the model gives \(vectorLength)")
        } else if probe.vector.isEmpty {
            context.add("\(path).vector", "is empty")
        }
        let length = probe.vector.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
        if normalize ?? true, !probe.vector.isEmpty, !(abs(length - 1) < 1e-3) {
            context.add("\(path).vector", "has length \(length), must be 1")
        }
        for (type, value) in probe.tolerance.sorted(by: { $0.key < $1.key }) {
            if Probe.defaultTolerance[type] == nil {
                let known = Probe.defaultTolerance.keys.sorted().joined(separator: ", ")
                context.add("\(path).tolerance.\(type)", "is not a type; there are \(known)")
            } else if !(value > 0) {
                context.add("\(path).tolerance.\(type)", "is \(value), must be positive")
            }
        }
    }
}
