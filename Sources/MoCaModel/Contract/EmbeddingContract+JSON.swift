// Reads and writes moca.json. A key that this version does not know is refused: it may well decide
// what the vectors are. Keys that begin with `x_` are kept.

package import Foundation
import MoCaCore

extension EmbeddingContract {
    private static let keys: Set<String> = [
        "attention", "pooling", "normalize", "prompts", "min_pixels", "max_pixels", "max_length",
        "truncation", "mask_token", "dimensions", "probes",
    ]
    private static let probeKeys: Set<String> = ["text", "images", "role", "vector", "tolerance"]

    /// Reads a `moca.json`; `file` is its name in errors and `vectorLength` the model's, where it is
    /// known. Throws `notJSON`, or `badContract` with everything that is wrong.
    package init(parsing data: Data, file: String, vectorLength: Int? = nil) throws(ModelError) {
        try self.init(
            try JSONValue(parsing: data, file: file), file: file, vectorLength: vectorLength)
    }

    private init(_ value: JSONValue, file: String, vectorLength: Int?) throws(ModelError) {
        guard case .object(let object) = value else {
            throw .notJSON(file: file, reason: "it holds \(value.shortDescription), not an object")
        }
        let list = ProblemList()
        self = Self.read(JSONSection(object, list: list), object)
        // A value that could not be read has a placeholder: checking it would add false problems.
        let problems = list.problems.isEmpty ? problems(vectorLength: vectorLength) : list.problems
        if !problems.isEmpty { throw .badContract(file: file, problems: problems) }
    }

    private static func read(
        _ section: JSONSection, _ object: [String: JSONValue]
    ) -> EmbeddingContract {
        var contract = EmbeddingContract()
        contract.extensions = object.filter { $0.key.hasPrefix("x_") }
        refuseUnknown(section, known: keys)
        contract.attention = section.choice("attention")
        contract.pooling = section.choice("pooling")
        contract.truncation = section.choice("truncation")
        if section["normalize"] != nil { contract.normalize = section.bool("normalize") }
        contract.minPixels = section.optionalInteger("min_pixels")
        contract.maxPixels = section.optionalInteger("max_pixels")
        contract.maxLength = section.optionalInteger("max_length")
        contract.maskToken = section.optionalString("mask_token")
        contract.dimensions = section.integers("dimensions", default: [])
        if let prompts = section.section("prompts") {
            for role in prompts.keys {
                contract.prompts[Role(rawValue: role)] = prompts.optionalString(role) ?? ""
            }
        }
        for (number, probe) in section.items("probes").enumerated() {
            let path = "probes[\(number)]"
            guard case .object(let object) = probe else {
                section.list.add(path, "is \(probe.shortDescription), must be an object")
                continue
            }
            contract.probes.append(readProbe(JSONSection(object, path: path, list: section.list)))
        }
        return contract
    }

    private static func readProbe(_ section: JSONSection) -> Probe {
        refuseUnknown(section, known: probeKeys)
        var tolerance = Probe.defaultTolerance
        if let given = section.section("tolerance") {
            tolerance = [:]
            for type in given.keys { tolerance[type] = Float(given.number(type)) }
        }
        let images = section.items("images").map { item in
            guard case .string(let url) = item else {
                section.list.add(
                    section.keyPath("images"), "holds \(item.shortDescription), must hold strings")
                return ""
            }
            return url
        }
        let vector = section.items("vector").map { item in
            switch item {
            case .integer(let value): return Float(value)
            case .number(let value): return Float(value)
            default:
                section.list.add(
                    section.keyPath("vector"), "holds \(item.shortDescription), must hold numbers")
                return 0
            }
        }
        return Probe(
            text: section.optionalString("text") ?? "", images: images,
            role: section.optionalString("role").map(Role.init), vector: vector,
            tolerance: tolerance)
    }

    private static func refuseUnknown(_ section: JSONSection, known: Set<String>) {
        for key in section.keys where !known.contains(key) && !key.hasPrefix("x_") {
            let all = known.sorted().joined(separator: ", ")
            section.list.add(
                section.keyPath(key),
                "is not known to this version (known: \(all); x_... is kept for others)")
        }
    }

    /// The bytes of `moca.json`.
    package func fileData() throws -> Data { try jsonValue.fileData() }

    private var jsonValue: JSONValue {
        var object = extensions
        object["attention"] = attention.map { .string($0.rawValue) }
        object["pooling"] = pooling.map { .string($0.rawValue) }
        object["truncation"] = truncation.map { .string($0.rawValue) }
        object["normalize"] = normalize.map(JSONValue.bool)
        object["min_pixels"] = minPixels.map(JSONValue.integer)
        object["max_pixels"] = maxPixels.map(JSONValue.integer)
        object["max_length"] = maxLength.map(JSONValue.integer)
        object["mask_token"] = maskToken.map(JSONValue.string)
        if !prompts.isEmpty {
            let pairs = prompts.map { ($0.key.rawValue, JSONValue.string($0.value)) }
            object["prompts"] = .object(Dictionary(uniqueKeysWithValues: pairs))
        }
        if !dimensions.isEmpty { object["dimensions"] = .array(dimensions.map(JSONValue.integer)) }
        if !probes.isEmpty { object["probes"] = .array(probes.map(\.jsonValue)) }
        return .object(object)
    }
}

extension EmbeddingContract.Probe {
    fileprivate var jsonValue: JSONValue {
        var object: [String: JSONValue] = [
            "vector": .array(vector.map(JSONValue.init(shortest:))),
            "tolerance": .object(tolerance.mapValues(JSONValue.init(shortest:))),
        ]
        if !text.isEmpty { object["text"] = .string(text) }
        if !images.isEmpty { object["images"] = .array(images.map(JSONValue.string)) }
        object["role"] = role.map { .string($0.rawValue) }
        return .object(object)
    }
}

extension EmbeddingContract: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(JSONValue(from: decoder), file: Self.fileName, vectorLength: nil)
    }

    package func encode(to encoder: any Encoder) throws {
        try jsonValue.encode(to: encoder)
    }
}

extension JSONValue {
    /// The double with the fewest digits that reads back as `value`.
    fileprivate init(shortest value: Float) {
        self = .number(Double(value.description) ?? Double(value))
    }
}

extension JSONSection {
    /// One of the values of an enumeration of strings; nil when the key is missing.
    fileprivate func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) -> Choice?
    where Choice.RawValue == String {
        guard let name = optionalString(key) else { return nil }
        let choice = Choice(rawValue: name)
        if choice == nil {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            list.add(keyPath(key), "is \"\(name)\", must be one of \(all)")
        }
        return choice
    }

    /// The items of a list; none when the key is missing.
    fileprivate func items(_ key: String) -> [JSONValue] {
        switch self[key] {
        case nil: return []
        case .array(let items): return items
        case let other?:
            list.add(keyPath(key), "is \(other.shortDescription), must be a list")
            return []
        }
    }
}
