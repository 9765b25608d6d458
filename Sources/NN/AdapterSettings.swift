// What the low-rank adapters of a model have in common, in the words of PEFT's adapter_config.json.

/// How linear layers are adapted: LoRA (arXiv 2106.09685) or DoRA (arXiv 2402.09353).
public struct AdapterSettings: Sendable, Hashable, Codable {
    /// Which linear layers get an adapter.
    public enum Targets: Sendable, Hashable, Codable {
        /// Those whose name is one of these, or ends in a dot and one of these.
        case suffixes([String])
        /// Those whose whole name is as the pattern says.
        case pattern(KeyPattern)

        /// Whether the module `name` is adapted.
        public func contain(_ name: String) -> Bool {
            switch self {
            case .suffixes(let list): list.contains { name == $0 || name.hasSuffix("." + $0) }
            case .pattern(let pattern): pattern.isWhole(name)
            }
        }
    }

    /// How the first matrix of a fresh adapter is drawn; the second is 0.
    public enum Initialization: String, Sendable, Hashable, Codable, CaseIterable {
        /// Uniform between -1 and 1 over the square root of the inputs, as `torch.nn.Linear`.
        case standard = "default"
        /// Normal with deviation 1 / rank.
        case gaussian
    }

    /// The width between the two matrices.
    public var rank: Int
    /// Times the adapter's output; divided by the rank.
    public var alpha: Double
    /// The share of an adapter's inputs that is dropped in training.
    public var dropout: Double
    /// Which linear layers get an adapter.
    public var targets: Targets
    /// DoRA: the length of every row of the weight is learnt apart from its direction.
    public var usesMagnitude: Bool
    /// Divides `alpha` by the square root of the rank (arXiv 2312.03732).
    public var dividesByRoot: Bool
    /// How fresh adapters are drawn.
    public var initialization: Initialization
    /// Modules that are trained whole beside the adapters, and have none (PEFT's
    /// `modules_to_save`).
    public var wholeModules: [String]
    /// Ranks of single modules, which take the place of `rank`; the first that fits counts (PEFT's
    /// `rank_pattern`).
    public var rankPattern: [ModuleValue] = []
    /// Values of `alpha` for single modules (PEFT's `alpha_pattern`).
    public var alphaPattern: [ModuleValue] = []
    /// Which biases were trained beside the adapters: `none`, `all` or `lora_only`.
    public var bias = "none"

    /// A value for the modules whose name, or the end of whose name after a dot, a regular expression
    /// matches.
    public struct ModuleValue: Sendable, Hashable, Codable {
        /// The regular expression, as PEFT's file has it.
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

    /// PEFT's defaults.
    public init(
        rank: Int = 8, alpha: Double = 8, dropout: Double = 0, targets: Targets,
        usesMagnitude: Bool = false, initialization: Initialization = .standard
    ) {
        (self.rank, self.alpha, self.dropout) = (rank, alpha, dropout)
        (self.targets, self.usesMagnitude) = (targets, usesMagnitude)
        self.initialization = initialization
        (dividesByRoot, wholeModules) = (false, [])
    }

    /// The width between the two matrices of a module's adapter.
    public func rank(of module: String) -> Int {
        rankPattern.first { $0.matches(module) }.map { Int($0.value) } ?? rank
    }

    /// What the output of a module's adapter is multiplied by.
    public func scaling(of module: String) -> Double {
        let alpha = alphaPattern.first { $0.matches(module) }?.value ?? alpha
        let rank = Double(rank(of: module))
        return dividesByRoot ? alpha / rank.squareRoot() : alpha / rank
    }

    /// Whether the parameter or module `key` is in a module that is trained whole.
    public func isWhole(_ key: String) -> Bool {
        wholeModules.contains { module in
            key == module || key.hasPrefix(module + ".") || key.hasSuffix("." + module)
                || key.contains(".\(module).")
        }
    }
}
