// Everything that decides a run, as one value. Recipes are YAML files; Keys/ says what their
// keys are, and every place where the MoCa paper and its released code differ is a key.

package import Foundation
package import MoCaCore
package import MoCaData
package import MoCaModel
package import MoCaObjectives
package import NN
package import Torch

/// A run of one of the two training stages.
///
///     let recipe = try Recipe(reading: file, stage: .contrastive, overrides: ["seed=2"])
package struct Recipe: Sendable, Hashable {
    /// The two stages.
    package enum Stage: String, Sendable, Hashable, Codable, CaseIterable {
        /// Masked text and masked patches.
        case pretraining = "pretrain"
        /// Queries and documents.
        case contrastive = "finetune"
    }

    /// Where a run starts.
    package enum Resume: Sendable, Hashable {
        /// At the newest complete checkpoint, if there is one.
        case auto
        /// Anew; checkpoints of an earlier run in the same folder are removed.
        case never
        /// At one checkpoint.
        case from(URL)
    }

    package var stage: Stage
    /// Of fresh weights, masks, noise and data order.
    package var seed = UInt64(0)
    /// The run folder.
    package var outputFolder = URL(filePath: "/")
    package var resume = Resume.auto
    package var model = Model.path(URL(filePath: "/"))
    /// A folder whose adapter is trained on; nil for none.
    package var adapter: URL?
    /// Found in the keys of weights that stay as they are.
    package var frozen: [KeyPattern] = []
    /// Fresh adapters, which alone are trained; nil trains the weights.
    package var lora: AdapterSettings?
    package var data = DataSettings()
    package var objective: ObjectiveSettings
    package var batch = Batch()
    package var optimizer = Optimizer()
    package var schedule = Schedule()
    package var checkpoint = Checkpoints()
    /// nil: only the end is scored, by `moca evaluate`.
    package var evaluation: Evaluation?
    package var logging = Logging()
    package var runtime = Runtime()

    /// The values of absent keys; keys that must be there have placeholders.
    init(stage: Stage) {
        self.stage = stage
        switch stage {
        case .pretraining: objective = .reconstruction(Reconstruction())
        case .contrastive: objective = .contrastive(Contrastive())
        }
    }
}

extension Recipe {
    /// The weights that a run starts with.
    package enum Model: Sendable, Hashable {
        /// Those of a folder in Hugging Face layout.
        case path(URL)
        /// Fresh ones.
        case initialize(Initialization)
    }

    /// Fresh weights.
    package struct Initialization: Sendable, Hashable {
        /// A folder with `config.json`, the tokenizer and the image processor's settings.
        package var config = URL(filePath: "/")
        package var scheme = InitializationScheme.unitVariance(embeddingDeviation: 1)
        package var seed = UInt64(0)
        /// Factors for the weights whose key contains a text.
        package var gains: [String: Double] = [:]
    }

    /// What is learnt from.
    package struct DataSettings: Sendable, Hashable {
        /// Folders of data files, or folders of such folders.
        package var folders: [URL] = []
        /// What image paths in records are relative to.
        package var images = URL(filePath: "/")
        /// Shares of the subsets, 0 leaves one out; nil mixes them by size.
        package var weights: [String: Double]?
        /// Mixes the subsets by size to the power of 1 / temperature; nil mixes them by size.
        package var temperature: Double?
        /// Rows of a subset that an epoch takes at most; nil for all.
        package var cap: Int?
        package var sampler = Sampler.proportional
        /// Records that are never drawn: a file that `moca data check` has written.
        package var quarantine: URL?
        package var errorPolicy = Quarantine.Policy.stop
        package var prompts = Prompts()
        package var minPixels: Int?
        package var maxPixels: Int?
        package var maxLength: Int?
        package var truncation = TruncationPolicy.end
    }

    /// How subsets take turns when neither weights nor a temperature decide.
    package enum Sampler: String, Sendable, Hashable, CaseIterable {
        /// At random, by what is left of each.
        case proportional
        /// One after the other.
        case roundRobin = "round_robin"
    }

    /// What is put around contents, and taken out of them before.
    package struct Prompts: Sendable, Hashable {
        /// Instructions that are taken out of texts, with white space at both ends of what is left.
        package var removed: [String] = []
        /// Templates of all subsets.
        package var templates = Templates()
        /// Templates of single subsets, which replace those of all.
        package var subsets: [String: Templates] = [:]

        /// A template a side of a pair; nil leaves contents as they are.
        package struct Templates: Sendable, Hashable {
            package var query: String?
            package var positive: String?
            /// nil: as `positive`.
            package var negative: String?
        }
    }

    /// The settings of the stage's objective.
    package enum ObjectiveSettings: Sendable, Hashable {
        case reconstruction(Reconstruction)
        case contrastive(Contrastive)
    }

    /// Masked text and masked patches.
    package struct Reconstruction: Sendable, Hashable {
        package var masking = Masking.Settings()
        package var loss = ReconstructionObjective.Settings()

        package init() {}
    }

    /// Queries and documents.
    package struct Contrastive: Sendable, Hashable {
        package var loss = ContrastiveObjective.Settings()
        /// Hard negatives a query, at most.
        package var hardNegatives = 0
        /// Whether each batch is of one subset.
        package var isTaskHomogeneous = true
        package var attention = AttentionMode.bidirectional
        package var pooling = PoolingMode.mean

        package init() {}
    }

    /// How much one step takes.
    package struct Batch: Sendable, Hashable {
        /// How much a step takes: a number of queries in fine-tuning, the most that its samples may
        /// cost in pre-training.
        package var stepAmount = 1
        /// Parts that a step is computed in, one after the other.
        package var accumulation = 1
        /// Tokens of the pieces that a contrastive step is computed in with gradient caching; nil
        /// computes each part at once.
        package var miniBatchTokens: Int?
        /// What an image token costs; a text token costs 1.
        package var imageTokenCost = 4
        /// What an image costs beside its tokens.
        package var imageCost = 2
        /// Which samples go into a part together (pre-training).
        package var packing = Packing.firstFit(window: Packing.defaultWindow)

        /// The share of one part.
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
        /// In place of `totalSteps`, until `resolvingEpochs` has read how many rows there are.
        package var epochs: Double?
        package var warmupRatio = 0.0
        /// In place of `warmupRatio`; nil takes that.
        package var warmupSteps: Int?
        package var warmupShape = LearningRateSchedule.WarmupShape.linear
        /// The lowest rate after warm-up, as a share of the peak.
        package var minimumRatio = 0.0
        /// The share of all steps in which the rate of `warmup_stable_decay` goes down.
        package var decayRatio = 0.1
        package var decayShape = LearningRateSchedule.Decay.Shape.linear
    }

    package struct Logging: Sendable, Hashable {
        package var everySteps = 10
        /// Steps between two looks at the embeddings (contrastive); 0 for none.
        package var healthEverySteps = 100
        /// Steps between two looks at masked pictures (pre-training); 0 for none.
        package var reconstructionEverySteps = 100
        /// Whether what is logged is written for TensorBoard too.
        package var writesEventFiles = true
    }

    /// Where and how it is computed.
    package struct Runtime: Sendable, Hashable {
        /// nil: the best there is.
        package var device: Device?
        /// nil: float32 on a CPU, elsewhere the stored type.
        package var dtype: DType?
        /// nil: as many as libtorch takes.
        package var threads: Int?
        /// Whether weights of 16 bits have float32 masters in the optimiser.
        package var usesMasterWeights = true
        /// Whether gradients of weights with masters are summed in float32.
        package var sumsInFloat32 = true
        /// What of the layers is computed again during backward instead of kept.
        package var activationCheckpointing = ActivationCheckpointing.none
        /// Batches that are prepared ahead.
        package var prefetch = 2
        /// Threads that prepare a batch; nil: one a core.
        package var dataWorkers: Int?
        /// Bytes of decoded images that are kept; 0 keeps none.
        package var imageCacheBytes = 256 << 20
        /// What happens to a step whose loss or gradient is not finite.
        package var onNotFinite = NotFinitePolicy.stop
        /// Such steps that a run passes over, at most, where it does not stop.
        package var notFiniteBudget = 10
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
