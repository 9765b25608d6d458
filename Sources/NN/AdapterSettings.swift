// The settings of a model's low-rank adapters, in the terms of PEFT's adapter_config.json.

/// How linear layers are adapted: LoRA (arXiv 2106.09685) or DoRA (arXiv 2402.09353).
public struct AdapterSettings: Sendable, Hashable, Codable {
    /// Which linear layers get an adapter.
    public enum Targets: Sendable, Hashable, Codable {
        /// Layers whose name is one of these, or ends in a dot and one of these.
        case suffixes([String])
        /// Layers whose whole name matches the pattern.
        case pattern(KeyPattern)

        /// Whether the module `name` is adapted.
        public func contain(_ name: String) -> Bool {
            switch self {
            case .suffixes(let list): list.contains { name == $0 || name.hasSuffix("." + $0) }
            case .pattern(let pattern): pattern.isWhole(name)
            }
        }
    }

    /// The initialisation of the first matrix of a fresh adapter; the second is 0.
    public enum Initialization: String, Sendable, Hashable, Codable, CaseIterable {
        /// Uniform between -1 and 1 over the square root of the number of inputs, as
        /// `torch.nn.Linear`.
        case standard = "default"
        /// Normal with standard deviation 1 / rank.
        case gaussian
    }

    /// The width between the two matrices.
    public var rank: Int
    /// The factor of the adapter's output, before division by the rank.
    public var alpha: Double
    /// The fraction of an adapter's inputs that is dropped in training.
    public var dropout: Double
    /// Which linear layers get an adapter.
    public var targets: Targets
    /// Whether adapters are DoRA: the norm of every weight row is trained apart from its direction.
    public var usesMagnitude: Bool
    /// Whether `alpha` is divided by the square root of the rank (arXiv 2312.03732).
    public var dividesByRoot: Bool
    /// The initialisation of fresh adapters.
    public var initialization: Initialization
    /// Modules that are trained in full beside the adapters, and have none (PEFT's
    /// `modules_to_save`).
    public var wholeModules: [String]
    /// Ranks of individual modules, which replace `rank`; the first match applies (PEFT's
    /// `rank_pattern`).
    public var rankPattern: [ModuleValue] = []
    /// Values of `alpha` for individual modules (PEFT's `alpha_pattern`).
    public var alphaPattern: [ModuleValue] = []
    /// Which biases were trained beside the adapters: `none`, `all` or `lora_only`.
    public var bias = "none"

    /// A value for the modules whose name, or the end of whose name after a dot, matches a regular
    /// expression.
    public struct ModuleValue: Sendable, Hashable, Codable {
        /// The regular expression, as in PEFT's file.
        public var pattern: String
        /// The value.
        public var value: Double

        /// Creates a value for the modules that `pattern` matches.
        public init(pattern: String, value: Double) {
            self.pattern = pattern
            self.value = value
        }

        func matches(_ module: String) -> Bool {
            KeyPattern("(.*\\.)?(\(pattern))")?.isWhole(module) ?? false
        }
    }

    /// Creates settings with PEFT's defaults.
    public init(
        rank: Int = 8, alpha: Double = 8, dropout: Double = 0, targets: Targets,
        usesMagnitude: Bool = false, initialization: Initialization = .standard
    ) {
        (self.rank, self.alpha, self.dropout) = (rank, alpha, dropout)
        (self.targets, self.usesMagnitude) = (targets, usesMagnitude)
        self.initialization = initialization
        (dividesByRoot, wholeModules) = (false, [])
    }

    /// The rank of a module's adapter.
    public func rank(of module: String) -> Int {
        rankPattern.first { $0.matches(module) }.map { Int($0.value) } ?? rank
    }

    /// The factor of the output of a module's adapter.
    public func scaling(of module: String) -> Double {
        let alpha = alphaPattern.first { $0.matches(module) }?.value ?? alpha
        let rank = Double(rank(of: module))
        return dividesByRoot ? alpha / rank.squareRoot() : alpha / rank
    }

    /// Adds the values that the patterns give to `stored`, a module's name in an adapter's file, for
    /// `module`, its name in this program, if they would be lost under the other name.
    public mutating func addValues(of stored: String, to module: String) {
        guard stored != module else { return }
        for list in [\AdapterSettings.rankPattern, \.alphaPattern] {
            let values = self[keyPath: list]
            guard let value = values.first(where: { $0.matches(stored) })?.value,
                values.first(where: { $0.matches(module) })?.value != value
            else { continue }
            let pattern = "^" + module.replacing(".", with: "\\.")
            self[keyPath: list].insert(ModuleValue(pattern: pattern, value: value), at: 0)
        }
    }

    /// Whether the parameter or module `key` belongs to a module that is trained in full.
    public func isWhole(_ key: String) -> Bool {
        wholeModules.contains { module in
            key == module || key.hasPrefix(module + ".") || key.hasSuffix("." + module)
                || key.contains(".\(module).")
        }
    }
}
