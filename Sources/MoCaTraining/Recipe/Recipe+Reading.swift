// The keys of a recipe: what each means, what it may be, and what it is when it is not there.

package import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import NN
import Torch
import Yams

extension Recipe {
    /// Reads a YAML file.
    ///
    /// - Parameters:
    ///   - overrides: `key.path=value`, applied in order; their paths are relative to
    ///     `workingFolder`, those of the file to the file's folder.
    /// - Throws: `TrainingError.badRecipe` with every problem there is, `.unreadableRecipe`,
    ///   `.badOverride`.
    package init(
        reading file: URL, stage: Stage, overrides: [String] = [],
        workingFolder: URL = URL(
            fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
    ) throws {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw TrainingError.missingFile(path: file.path)
        }
        let text: String
        do {
            text = try String(contentsOf: file, encoding: .utf8)
        } catch {
            throw TrainingError.unreadableRecipe(
                file: file.path, reason: error.localizedDescription)
        }
        try self.init(
            parsing: text, file: file, stage: stage, overrides: overrides,
            workingFolder: workingFolder)
    }

    /// Reads the text of a recipe; `file` is where it comes from.
    package init(
        parsing text: String, file: URL, stage: Stage, overrides: [String] = [],
        workingFolder: URL
    ) throws {
        var root: Node
        do {
            root = try Yams.compose(yaml: text) ?? Node.mapping(.init([]))
        } catch {
            // The parser shows the place on lines of its own.
            let lines = String(describing: error).split(whereSeparator: \.isNewline)
            throw TrainingError.unreadableRecipe(
                file: file.path,
                reason: lines.map { $0.trimmingCharacters(in: .whitespaces) }
                    .joined(separator: " "))
        }
        var overridden: [String] = []
        for override in overrides {
            let (path, value) = try Self.parse(override)
            root = Self.replacing(path[...], in: root, with: value)
            overridden.append(path.joined(separator: "."))
        }
        let context = RecipeContext(
            folder: file.absoluteURL.deletingLastPathComponent(),
            workingFolder: workingFolder.absoluteURL, overridden: overridden)
        let section = RecipeSection(root, path: "", context)
        self = Self.read(section, stage)
        section.finish()
        guard context.problems.isEmpty else {
            throw TrainingError.badRecipe(file: file.path, problems: context.problems)
        }
    }

    private static func parse(_ override: String) throws -> (path: [String], value: Node) {
        guard let equals = override.firstIndex(of: "="), equals > override.startIndex else {
            throw TrainingError.badOverride(argument: override, reason: "it is not KEY.PATH=VALUE")
        }
        let path = override[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw TrainingError.badOverride(argument: override, reason: "a key in it is empty")
        }
        let text = String(override[override.index(after: equals)...])
        do {
            return (path.map(String.init), try Yams.compose(yaml: text) ?? Node("null"))
        } catch {
            throw TrainingError.badOverride(
                argument: override, reason: "its value is not YAML")
        }
    }

    private static func replacing(
        _ path: ArraySlice<String>, in node: Node, with value: Node
    ) -> Node {
        guard let key = path.first else { return value }
        var mapping = node.mapping ?? Node.Mapping([])
        let child = mapping[Node(key)] ?? Node.mapping(.init([]))
        mapping[Node(key)] = replacing(path.dropFirst(), in: child, with: value)
        return .mapping(mapping)
    }

    private static func read(_ root: RecipeSection, _ stage: Stage) -> Recipe {
        let seed = UInt64(root.integer("seed", in: 0...Int.max, default: 0))
        let data = readData(root.section("data"), stage)
        return Recipe(
            stage: stage, seed: seed, outputFolder: root.url("output_dir"),
            resume: readResume(root), model: readModel(root.section("model"), seed: seed),
            data: data, objective: readObjective(root.section("objective"), stage),
            batch: readBatch(root.section("batch"), stage),
            optimizer: readOptimizer(root.section("optimizer")),
            schedule: readSchedule(root.section("schedule")),
            checkpoint: readCheckpoints(root.section("checkpoint")),
            logging: Logging(
                everySteps: root.section("logging").integer(
                    "every_steps", in: 1...sizeMax, default: 10)),
            runtime: readRuntime(root.section("runtime")))
    }

    private static func readResume(_ root: RecipeSection) -> Resume {
        switch root.optionalString("resume") {
        case nil, "auto": .auto
        case "never": .never
        default: .from(root.url("resume"))
        }
    }

    // MARK: model

    private static func readModel(_ section: RecipeSection, seed: UInt64) -> Model {
        if section.has("initialize") {
            if section.has("path") { section.add("path", "and initialize exclude each other") }
            return .initialize(readInitialization(section.section("initialize"), seed: seed))
        }
        guard let path = section.optionalURL("path") else {
            section.add("path", "is missing, must be a folder; or give initialize")
            return .path(section.context.folder)
        }
        return .path(path)
    }

    private enum SchemeName: String, CaseIterable {
        case unitVariance = "unit_variance"
        case fixed
    }

    private static func readInitialization(
        _ section: RecipeSection, seed: UInt64
    ) -> Initialization {
        let scheme: InitializationScheme
        switch section.choice("scheme", default: SchemeName.unitVariance) {
        case .unitVariance:
            scheme = .unitVariance(
                embeddingDeviation: section.number(
                    "embedding_deviation", "a positive number", default: 1
                ) { $0 > 0 })
        case .fixed:
            scheme = .fixed(
                deviation: section.number("deviation", "a positive number", default: 0.02) {
                    $0 > 0
                })
        }
        let config = section.url("config")
        return Initialization(
            config: config.pathExtension == "json" ? config.deletingLastPathComponent() : config,
            scheme: scheme,
            seed: UInt64(
                section.integer("seed", in: 0...Int.max, default: Int(truncatingIfNeeded: seed))),
            gains: section.numberTable("gains") ?? [:])
    }

    // MARK: data

    private static func readData(_ section: RecipeSection, _ stage: Stage) -> DataSettings {
        let maxLength = section.optionalInteger("max_length", in: 1...1 << 30)
        let sides = 1...1 << 40
        let folders = section.urls("folders")
        let weights = section.numberTable("weights")
        let mixture = readMixture(section, isWeighted: weights != nil)
        let settings = DataSettings(
            folders: folders,
            images: section.optionalURL("images")
                ?? URL(fileURLWithPath: section.context.folder.path, isDirectory: false),
            weights: weights, temperature: mixture.temperature, cap: mixture.cap,
            sampler: readSampler(section, isWeighted: weights != nil, mixture),
            quarantine: section.optionalURL("quarantine"), errorPolicy: readErrorPolicy(section),
            prompts: stage == .contrastive ? readPrompts(section.section("prompts")) : Prompts(),
            minPixels: section.optionalInteger("min_pixels", in: sides),
            maxPixels: section.optionalInteger("max_pixels", in: sides), maxLength: maxLength,
            truncation: section.choice("truncation", default: .end))
        if let weights, !weights.isEmpty, weights.values.allSatisfy({ $0 == 0 }) {
            section.add("weights", "leaves no subset, one must be above 0")
        }
        if let low = settings.minPixels, let high = settings.maxPixels, low > high {
            section.add("min_pixels", "is \(low), must not be over max_pixels \(high)")
        }
        return settings
    }

    private static func readPrompts(_ section: RecipeSection) -> Prompts {
        var prompts = Prompts()
        prompts.removed = section.strings("remove") ?? []
        if prompts.removed.contains("") { section.add("remove", "holds an empty text") }
        prompts.templates = readTemplates(section)
        let subsets = section.section("subsets")
        for name in subsets.keys {
            prompts.subsets[name] = readTemplates(subsets.section(name))
        }
        return prompts
    }

    private static func readTemplates(_ section: RecipeSection) -> Prompts.Templates {
        func template(_ key: String) -> String? {
            guard let text = section.optionalString(key) else { return nil }
            do {
                _ = try PromptTemplate(text, role: Role(rawValue: key))
            } catch {
                section.add(key, "is '\(text)', must have {text} or {image}, each at most once")
            }
            return text
        }
        return Prompts.Templates(
            query: template("query"), positive: template("positive"),
            negative: template("negative"))
    }

    // MARK: objective and batch

    private static func readObjective(
        _ section: RecipeSection, _ stage: Stage
    ) -> ObjectiveSettings {
        let share = { (number: Double) in number >= 0 && number <= 1 }
        switch stage {
        case .pretraining:
            return .reconstruction(
                Reconstruction(
                    mlmRatio: section.number("mlm_ratio", "in 0...1", if: share),
                    mlmTarget: section.choice("mlm_target", default: .own),
                    maeRatio: section.number("mae_ratio", "in 0...1", if: share),
                    maeWeight: section.number("mae_weight", "a number of at least 0") { $0 >= 0 },
                    patchNoise: section.choice("patch_noise", default: .perPatch),
                    normalizesPatches: section.bool("normalize_patches", default: false)))
        case .contrastive:
            return .contrastive(
                Contrastive(
                    temperature: section.number("temperature", "a positive number") { $0 > 0 },
                    hardNegatives: section.integer("hard_negatives", in: 0...1 << 20, default: 0),
                    hardNegativeScope: section.choice("hard_negative_scope", default: .own),
                    masksRepeatedPositives: section.bool(
                        "mask_repeated_positives", default: true),
                    isTaskHomogeneous: section.bool("task_homogeneous", default: true),
                    attention: section.choice("attention", default: .bidirectional),
                    pooling: section.choice("pooling", default: .mean)))
        }
    }

    /// Products of two stay far from overflow.
    private static let sizeMax = 1 << 30
    private static let costMax = 1 << 16

    private static func readBatch(_ section: RecipeSection, _ stage: Stage) -> Batch {
        let accumulation = section.integer("accumulation", in: 1...sizeMax, default: 1)
        guard stage == .pretraining else {
            let size = section.integer("size", in: 1...sizeMax)
            if size % accumulation != 0 {
                section.add("size", "is \(size), must be a multiple of accumulation")
            }
            return Batch(
                size: size, accumulation: accumulation, imageTokenCost: 1, imageCost: 0)
        }
        let tokens = section.integer("tokens", in: 1...sizeMax)
        if tokens < accumulation {
            section.add("tokens", "is \(tokens), must not be below accumulation")
        }
        return Batch(
            size: tokens, accumulation: accumulation,
            imageTokenCost: section.integer("image_token_cost", in: 1...costMax, default: 4),
            imageCost: section.integer("image_cost", in: 0...costMax, default: 2),
            packing: readPacking(section))
    }

    // MARK: the rest

    private static func readOptimizer(_ section: RecipeSection) -> Optimizer {
        var betas = section.strings("betas")?.map { Double($0) ?? .nan } ?? [0.9, 0.999]
        if betas.count != 2 || !betas.allSatisfy({ $0 >= 0 && $0 < 1 }) {
            section.add("betas", "must be a list of two numbers, each at least 0 and below 1")
            betas = [0.9, 0.999]
        }
        return Optimizer(
            learningRate: section.number("learning_rate", "a positive number") { $0 > 0 },
            adamW: AdamW.Settings(
                beta1: betas[0], beta2: betas[1],
                epsilon: section.number("epsilon", "a positive number", default: 1e-8) { $0 > 0 },
                weightDecay: section.number(
                    "weight_decay", "a number of at least 0", default: 0
                ) { $0 >= 0 }),
            maxGradientNorm: section.number(
                "max_grad_norm", "a positive number", default: 1
            ) { $0 > 0 })
    }

    private static func readSchedule(_ section: RecipeSection) -> Schedule {
        Schedule(
            kind: section.choice("kind", default: .linear),
            totalSteps: section.integer("total_steps", in: 1...sizeMax),
            warmupRatio: section.number("warmup_ratio", "in 0...1", default: 0) {
                $0 >= 0 && $0 <= 1
            },
            warmupShape: section.choice("warmup_shape", default: .linear))
    }

    private static func readCheckpoints(_ section: RecipeSection) -> Checkpoints {
        Checkpoints(
            everySteps: section.integer("every_steps", in: 1...sizeMax, default: 500),
            keep: section.integer("keep", in: 1...sizeMax, default: 2))
    }

    private static func readRuntime(_ section: RecipeSection) -> Runtime {
        var device: Device?
        if let text = section.optionalString("device"), text != "auto" {
            device = Device(recipe: text)
            if device == nil {
                section.add("device", "is '\(text)', must be auto, cpu, cuda, cuda:N or mps")
            }
        }
        var dtype: DType?
        if let text = section.optionalString("dtype"), text != "auto" {
            dtype = DType(rawValue: text)
            if dtype != .float32, dtype != .bfloat16 {
                section.add("dtype", "is '\(text)', must be auto, float32 or bfloat16")
            }
        }
        let recomputesLayers = section.bool("recompute", default: false)
        let megabytes = section.integer("image_cache_megabytes", in: 0...1 << 20, default: 256)
        return Runtime(
            device: device, dtype: dtype,
            threads: section.optionalInteger("threads", in: 1...1024),
            recomputesLayers: recomputesLayers,
            prefetch: section.integer("prefetch", in: 1...64, default: 2),
            dataWorkers: section.optionalInteger("data_workers", in: 1...1024),
            imageCacheBytes: megabytes << 20)
    }
}

extension Device {
    /// `cpu`, `cuda`, `cuda:1` or `mps`; nil for anything else.
    init?(recipe text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: String(parts[0])), parts.count <= 2 else { return nil }
        guard parts.count == 2 else {
            self.init(kind)
            return
        }
        guard kind == .cuda, let index = Int(parts[1]), Self.indices.contains(index) else {
            return nil
        }
        self.init(kind, index: index)
    }
}
