// All settings of a run as one value. Recipes are YAML files whose keys Keys/ defines; each
// difference between the MoCa paper and its released code is a key.

package import Foundation
package import MoCaCore
package import MoCaData
package import MoCaHub
package import MoCaModel
package import MoCaObjectives
package import NN
package import Torch

/// The settings of a run of one of the two training stages.
///
///     let recipe = try Recipe(reading: file, stage: .finetune, overrides: ["seed=2"])
package struct Recipe: Sendable, Hashable {
    /// A training stage.
    package enum Stage: String, Sendable, Hashable, Codable, CaseIterable {
        /// Continual pre-training with masked text and masked patches.
        case pretrain
        /// Contrastive fine-tuning with queries and documents.
        case finetune
    }

    /// The state that a run starts from.
    package enum Resume: Sendable, Hashable {
        /// The newest complete checkpoint, if there is one.
        case auto
        /// No checkpoint; those of an earlier run in the same folder are removed.
        case never
        /// The checkpoint in a folder.
        case from(URL)
    }

    package var stage: Stage
    /// The random seed of initial weights, masks, noise and data order.
    package var seed = UInt64(0)
    /// The run folder.
    package var outputFolder = URL(filePath: "/")
    package var resume = Resume.auto
    package var model = Model.path(URL(filePath: "/"))
    /// The folder of an adapter whose training continues; nil for none.
    package var adapter: URL?
    /// The patterns of the keys of frozen weights.
    package var frozen: [KeyPattern] = []
    /// The settings of new adapters, which are trained instead of the weights; nil for none.
    package var lora: AdapterSettings?
    package var data = DataSettings()
    package var objective: ObjectiveSettings
    package var batch = Batch()
    package var optimizer = Optimizer()
    package var schedule = Schedule()
    package var checkpoint = Checkpoints()
    /// The evaluation during the run; nil for none.
    package var evaluation: Evaluation?
    package var logging = Logging()
    package var runtime = Runtime()

    /// Creates a recipe with the defaults of optional keys, and placeholders for required ones.
    init(stage: Stage) {
        self.stage = stage
        switch stage {
        case .pretrain: objective = .reconstruction(Reconstruction())
        case .finetune: objective = .contrastive(Contrastive())
        }
    }
}

extension Recipe {
    /// The initial weights of a run.
    package enum Model: Sendable, Hashable {
        /// The weights of a folder in Hugging Face layout.
        case path(URL)
        /// The weights of a repository of the Hub, until `resolvingModel` replaces it by `path`.
        case hub(HubReference)
        /// Randomly initialised weights.
        case initialize(Initialization)
    }

    /// The settings of randomly initialised weights.
    package struct Initialization: Sendable, Hashable {
        /// A folder with `config.json`, the tokenizer and the image processor's settings.
        package var config = URL(filePath: "/")
        package var scheme = InitializationScheme.unitVariance(embeddingDeviation: 1)
        package var seed = UInt64(0)
        /// The factors of the weights whose key contains the given text.
        package var gains: [String: Double] = [:]
    }

    /// The settings of the training data.
    package struct DataSettings: Sendable, Hashable {
        /// Folders of data files, or folders of such folders.
        package var folders: [URL] = []
        /// The folder that image paths in records are relative to.
        package var images = URL(filePath: "/")
        /// The sampling weights of the subsets, 0 to leave one out; nil mixes them by size.
        package var weights: [String: Double]?
        /// The temperature that mixes subsets by size to the power of 1 / temperature; nil mixes
        /// them by size.
        package var temperature: Double?
        /// The maximum number of rows of a subset per epoch; nil for all.
        package var cap: Int?
        package var sampler = Sampler.proportional
        /// A file of records that are never drawn, as written by `moca data check`.
        package var quarantine: URL?
        package var errorPolicy = Quarantine.Policy.stop
        package var prompts = Prompts()
        package var minPixels: Int?
        package var maxPixels: Int?
        /// Which orientation tags of image files are applied; nil selects the model's own policy.
        package var orientation: OrientationPolicy?
        package var maxLength: Int?
        package var truncation = TruncationPolicy.end
    }

    /// The order in which subsets are drawn without weights and temperature.
    package enum Sampler: String, Sendable, Hashable, CaseIterable {
        /// At random, in proportion to the remaining rows of each.
        case proportional
        /// In turn.
        case roundRobin = "round_robin"
    }

    /// The templates put around contents, and the texts removed from contents before.
    package struct Prompts: Sendable, Hashable {
        /// The instructions removed from texts, which are then trimmed of white space.
        package var removed: [String] = []
        /// The templates of all subsets.
        package var templates = Templates()
        /// The templates of single subsets, which replace the common ones.
        package var subsets: [String: Templates] = [:]

        /// A template for each side of a pair; nil leaves contents unchanged.
        package struct Templates: Sendable, Hashable {
            package var query: String?
            package var positive: String?
            /// The template of negatives; nil selects `positive`.
            package var negative: String?
        }
    }

    /// The settings of the stage's objective.
    package enum ObjectiveSettings: Sendable, Hashable {
        case reconstruction(Reconstruction)
        case contrastive(Contrastive)
    }

    /// The settings of pre-training with masked text and masked patches.
    package struct Reconstruction: Sendable, Hashable {
        package var masking = Masking.Settings()
        package var loss = ReconstructionObjective.Settings()

        package init() {}
    }

    /// The settings of contrastive training with queries and documents.
    package struct Contrastive: Sendable, Hashable {
        package var loss = ContrastiveObjective.Settings()
        /// The maximum number of hard negatives per query.
        package var hardNegatives = 0
        /// Whether all samples of a batch are from one subset.
        package var isTaskHomogeneous = true
        package var attention = AttentionMode.bidirectional
        package var pooling = PoolingMode.mean

        package init() {}
    }

    /// The size of a step.
    package struct Batch: Sendable, Hashable {
        /// The size of a step: the number of queries in fine-tuning, the maximum total cost of its
        /// samples in pre-training.
        package var stepAmount = 1
        /// The number of microbatches in a step, computed in sequence.
        package var accumulation = 1
        /// The maximum number of tokens in a chunk of a contrastive step with gradient caching; nil
        /// computes each microbatch at once.
        package var miniBatchTokens: Int?
        /// The cost of an image token; a text token costs 1.
        package var imageTokenCost = 4
        /// The cost of an image in addition to that of its tokens.
        package var imageCost = 2
        /// The rule that packs samples into microbatches (pre-training).
        package var packing = Packing.firstFit(window: Packing.defaultWindow)

        /// The size of one microbatch, in the unit of `stepAmount`.
        package var partSize: Int { stepAmount / accumulation }
    }

    package struct Optimizer: Sendable, Hashable {
        package var learningRate = 1.0
        package var adamW = AdamW.Settings()
        package var maxGradientNorm = 1.0
    }

    package struct Schedule: Sendable, Hashable {
        package var kind = LearningRateSchedule.Kind.linear
        package var totalSteps = 1
        /// The number of epochs, until `resolvingEpochs` replaces it by `totalSteps`.
        package var epochs: Double?
        package var warmupRatio = 0.0
        /// The number of warm-up steps; nil selects `warmupRatio`.
        package var warmupSteps: Int?
        package var warmupShape = LearningRateSchedule.WarmupShape.linear
        /// The lowest rate after warm-up, as a fraction of the peak.
        package var minimumRatio = 0.0
        /// The fraction of all steps in which the rate of `warmup_stable_decay` decays.
        package var decayRatio = 0.1
        package var decayShape = LearningRateSchedule.Decay.Shape.linear
    }

    package struct Logging: Sendable, Hashable {
        package var everySteps = 10
        /// The number of steps between health measurements of the embeddings (contrastive); 0 for
        /// none.
        package var healthEverySteps = 100
        /// The number of steps between reconstructions of masked images (pre-training); 0 for none.
        package var reconstructionEverySteps = 100
        /// Whether logged values are also written for TensorBoard.
        package var writesEventFiles = true
    }

    /// The settings of the device, numerics and threads of a run.
    package struct Runtime: Sendable, Hashable {
        /// The device; nil selects the best available one.
        package var device: Device?
        /// The type of the weights; nil selects float32 on a CPU, else the stored type.
        package var dtype: DType?
        /// The number of threads of libtorch; nil selects its default.
        package var threads: Int?
        /// Whether the optimiser keeps float32 master copies of 16-bit weights.
        package var usesMasterWeights = true
        /// Whether gradients of weights with master copies are accumulated in float32.
        package var sumsInFloat32 = true
        /// The activations that are recomputed during the backward pass instead of kept.
        package var activationCheckpointing = ActivationCheckpointing.none
        /// The number of steps that are prefetched.
        package var prefetch = 2
        /// The number of threads that prepare a batch; nil selects one per core.
        package var dataWorkers: Int?
        /// The capacity of the cache of decoded images in bytes; 0 disables it.
        package var imageCacheBytes = 256 << 20
        /// The handling of a step whose loss or gradient is not finite.
        package var onNotFinite = NotFinitePolicy.stop
        /// The maximum number of non-finite steps that a run skips under `NotFinitePolicy.skip`.
        package var notFiniteBudget = 10
        /// Which states of the optimiser are divided among the processes of a run.
        package var sharding = RankedAdamW.Sharding.none
        /// The seconds after which a process gives up waiting for another one.
        package var rankTimeout = 600
    }

    /// The learning rate of each step.
    package var learningRateSchedule: LearningRateSchedule {
        let total = Double(schedule.totalSteps)
        return LearningRateSchedule(
            peak: optimizer.learningRate, kind: schedule.kind, warmupShape: schedule.warmupShape,
            warmupSteps: schedule.warmupSteps
                ?? Int((schedule.warmupRatio * total).rounded(.up)),
            totalSteps: schedule.totalSteps, minimumRatio: schedule.minimumRatio,
            decay: .init(
                steps: Int((schedule.decayRatio * total).rounded(.up)),
                shape: schedule.decayShape))
    }
}
