// Reads and writes moca.json. An unknown key is refused, because it may change the vectors. Keys
// that begin with `x_` are kept.

package import Foundation
import MoCaCore
import MoCaSettings

extension EmbeddingContract {
    private static let keys: Set<String> = [
        "embedder", "instruction", "positions", "alpha", "attention", "pooling", "normalize",
        "prompts", "min_pixels", "max_pixels", "orientation", "max_length",
        "truncation", "mask_token", "dimensions", "probes",
    ]
    private static let probeKeys: Set<String> = ["text", "images", "role", "vector", "tolerance"]

    /// Reads a `moca.json`; `file` is its name in errors and `vectorLength` that of the model, if
    /// known. Throws `notJSON`, or `badContract` with everything that is wrong.
    package init(parsing data: Data, file: String, vectorLength: Int? = nil) throws(ModelError) {
        try self.init(
            try Section(modelFile: data, file: file), file: file, vectorLength: vectorLength)
    }

    private init(_ section: Section, file: String, vectorLength: Int?) throws(ModelError) {
        self = Self.read(section)
        let found = section.context.problems
        // A value that could not be read has a placeholder: checking it would add false problems.
        let problems = found.isEmpty ? problems(vectorLength: vectorLength) : found
        if !problems.isEmpty { throw .badContract(file: file, problems: problems) }
    }

    private static func read(_ section: Section) -> EmbeddingContract {
        var contract = EmbeddingContract()
        for key in section.keys where key.hasPrefix("x_") {
            contract.extensions[key] = section[key]
        }
        refuseUnknown(section, known: keys)
        contract.embedder = section.optionalString("embedder")
        contract.instruction = section.optionalString("instruction")
        contract.positions = section.optionalChoice("positions")
        contract.alpha = section.optionalChoice("alpha")
        contract.attention = section.optionalChoice("attention")
        contract.pooling = section.optionalChoice("pooling")
        contract.truncation = section.optionalChoice("truncation")
        contract.orientation = section.optionalChoice("orientation")
        if section.has("normalize") { contract.normalize = section.bool("normalize") }
        contract.minPixels = section.optionalInteger("min_pixels")
        contract.maxPixels = section.optionalInteger("max_pixels")
        contract.maxLength = section.optionalInteger("max_length")
        contract.maskToken = section.optionalString("mask_token")
        contract.dimensions = section.integers("dimensions", default: [])
        if let prompts = section.optionalSection("prompts") {
            for role in prompts.keys {
                contract.prompts[Role(rawValue: role)] = prompts.optionalString(role) ?? ""
            }
        }
        contract.probes = section.sections("probes").map(readProbe)
        return contract
    }

    private static func readProbe(_ section: Section) -> Probe {
        refuseUnknown(section, known: probeKeys)
        var tolerance = Probe.defaultTolerance
        if let given = section.optionalSection("tolerance") {
            tolerance = [:]
            for type in given.keys { tolerance[type] = Float(given.number(type)) }
        }
        return Probe(
            text: section.optionalString("text") ?? "", images: section.strings("images") ?? [],
            role: section.optionalString("role").map(Role.init),
            vector: (section.numbers("vector") ?? []).map(Float.init), tolerance: tolerance)
    }

    private static func refuseUnknown(_ section: Section, known: Set<String>) {
        for key in section.keys where !known.contains(key) && !key.hasPrefix("x_") {
            let all = known.sorted().joined(separator: ", ")
            section.add(
                key,
                "is not known to this version (known: \(all); x_... is kept for others)")
        }
    }

    /// The bytes of `moca.json`.
    package func fileData() throws -> Data { try JSONFormat.document.data(jsonValue) }

    private var jsonValue: JSON {
        var object = JSONObject(extensions)
        object["embedder"] = embedder.map(JSON.string)
        object["instruction"] = instruction.map(JSON.string)
        object["positions"] = positions.map { .string($0.rawValue) }
        object["alpha"] = alpha.map { .string($0.rawValue) }
        object["attention"] = attention.map { .string($0.rawValue) }
        object["pooling"] = pooling.map { .string($0.rawValue) }
        object["truncation"] = truncation.map { .string($0.rawValue) }
        object["normalize"] = normalize.map(JSON.bool)
        object["min_pixels"] = minPixels.map(JSON.integer)
        object["max_pixels"] = maxPixels.map(JSON.integer)
        object["orientation"] = orientation.map { .string($0.rawValue) }
        object["max_length"] = maxLength.map(JSON.integer)
        object["mask_token"] = maskToken.map(JSON.string)
        if !prompts.isEmpty {
            let pairs = prompts.map { ($0.key.rawValue, JSON.string($0.value)) }
            object["prompts"] = .object(JSONObject(pairs))
        }
        if !dimensions.isEmpty { object["dimensions"] = .array(dimensions.map(JSON.integer)) }
        if !probes.isEmpty { object["probes"] = .array(probes.map(\.jsonValue)) }
        return .object(object)
    }
}

extension EmbeddingContract.Probe {
    fileprivate var jsonValue: JSON {
        var object: JSONObject = [
            "vector": .array(vector.map(JSON.init(shortest:))),
            "tolerance": .object(JSONObject(tolerance.mapValues(JSON.init(shortest:)))),
        ]
        if !text.isEmpty { object["text"] = .string(text) }
        if !images.isEmpty { object["images"] = .array(images.map(JSON.string)) }
        object["role"] = role.map { .string($0.rawValue) }
        return .object(object)
    }
}

extension EmbeddingContract: Codable {
    package init(from decoder: any Decoder) throws {
        let section = Section(try JSON(from: decoder), SettingsContext(.json, name: "contract"))
        try self.init(section, file: Self.fileName, vectorLength: nil)
    }

    package func encode(to encoder: any Encoder) throws {
        try jsonValue.encode(to: encoder)
    }
}

extension JSON {
    /// The double with the fewest digits that reads back as `value`.
    fileprivate init(shortest value: Float) {
        self = .number(Double(value.description) ?? Double(value))
    }
}
