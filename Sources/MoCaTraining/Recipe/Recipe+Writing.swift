// The resolved recipe: every key with its value, paths absolute. It reads back as the same recipe.

import Foundation
import MoCaCore
import MoCaObjectives
import NN
import Torch
import Yams

extension Recipe {
    /// The YAML of the resolved recipe.
    package func yaml() throws -> String {
        try Yams.serialize(node: node, allowUnicode: true, sortKeys: false)
    }

    /// What decides the numbers of a run: `yaml()` without what may differ when it is resumed.
    func decisiveText() throws -> String {
        var copy = self
        copy.outputFolder = copy.data.images
        copy.resume = .auto
        copy.checkpoint = Checkpoints(everySteps: 1, keep: 1)
        copy.runtime.prefetch = 1
        copy.runtime.dataWorkers = nil
        copy.runtime.imageCacheBytes = 0
        return try copy.yaml()
    }

    private var node: Node {
        .keys([
            ("seed", .value(seed)), ("output_dir", .value(outputFolder.path)),
            ("resume", .value(resumeText)), ("model", modelNode), ("data", dataNode),
            ("objective", objectiveNode), ("batch", batchNode),
            (
                "optimizer",
                .keys([
                    ("learning_rate", .value(optimizer.learningRate)),
                    ("betas", .list([optimizer.adamW.beta1, optimizer.adamW.beta2])),
                    ("epsilon", .value(optimizer.adamW.epsilon)),
                    ("weight_decay", .value(optimizer.adamW.weightDecay)),
                    ("max_grad_norm", .value(optimizer.maxGradientNorm)),
                ])
            ),
            (
                "schedule",
                .keys([
                    ("kind", .value(schedule.kind.rawValue)),
                    ("total_steps", .value(schedule.totalSteps)),
                    ("warmup_ratio", .value(schedule.warmupRatio)),
                    ("warmup_shape", .value(schedule.warmupShape.rawValue)),
                ])
            ),
            (
                "checkpoint",
                .keys([
                    ("every_steps", .value(checkpoint.everySteps)),
                    ("keep", .value(checkpoint.keep)),
                ])
            ),
            ("logging", .keys([("every_steps", .value(logging.everySteps))])),
            ("runtime", runtimeNode),
        ])
    }

    private var resumeText: String {
        switch resume {
        case .auto: "auto"
        case .never: "never"
        case .from(let url): url.path
        }
    }

    private var modelNode: Node {
        guard case .initialize(let fresh) = model else {
            guard case .path(let url) = model else { return .keys([]) }
            return .keys([("path", .value(url.path))])
        }
        let scheme: [(String, Node?)]
        switch fresh.scheme {
        case .unitVariance(let deviation):
            scheme = [
                ("scheme", .value("unit_variance")), ("embedding_deviation", .value(deviation)),
            ]
        case .fixed(let deviation):
            scheme = [("scheme", .value("fixed")), ("deviation", .value(deviation))]
        }
        let keys: [(String, Node?)] =
            [("config", .value(fresh.config.path))] + scheme
            + [("seed", .value(fresh.seed)), ("gains", .table(fresh.gains))]
        return .keys([("initialize", .keys(keys))])
    }

    private var dataNode: Node {
        .keys([
            ("folders", .list(data.folders.map(\.path))), ("images", .value(data.images.path)),
            ("weights", data.weights.map { .table($0) }), ("mixture", mixtureNode),
            ("sampler", .value(data.sampler.rawValue)),
            ("quarantine", data.quarantine.map { .value($0.path) }),
            ("on_error", .value(data.onError)),
            ("max_error_rate", data.maxErrorRate.map { .value($0) }),
            ("prompts", stage == .contrastive ? data.prompts.node : nil),
            ("min_pixels", data.minPixels.map { .value($0) }),
            ("max_pixels", data.maxPixels.map { .value($0) }),
            ("max_length", data.maxLength.map { .value($0) }),
            ("truncation", .value(data.truncation.rawValue)),
        ])
    }

    private var mixtureNode: Node? {
        guard data.temperature != nil || data.cap != nil else { return nil }
        return .keys([
            ("temperature", data.temperature.map { .value($0) }),
            ("cap", data.cap.map { .value($0) }),
        ])
    }

    private var objectiveNode: Node {
        switch objective {
        case .reconstruction(let settings):
            .keys([
                ("mlm_ratio", .value(settings.mlmRatio)),
                ("mlm_target", .value(settings.mlmTarget.rawValue)),
                ("mae_ratio", .value(settings.maeRatio)),
                ("mae_weight", .value(settings.maeWeight)),
                ("patch_noise", .value(settings.patchNoise.rawValue)),
                ("normalize_patches", .value(settings.normalizesPatches)),
            ])
        case .contrastive(let settings):
            .keys([
                ("temperature", .value(settings.temperature)),
                ("hard_negatives", .value(settings.hardNegatives)),
                ("hard_negative_scope", .value(settings.hardNegativeScope.rawValue)),
                ("mask_repeated_positives", .value(settings.masksRepeatedPositives)),
                ("task_homogeneous", .value(settings.isTaskHomogeneous)),
                ("attention", .value(settings.attention.rawValue)),
                ("pooling", .value(settings.pooling.rawValue)),
            ])
        }
    }

    private var batchNode: Node {
        guard stage == .pretraining else {
            return .keys([
                ("size", .value(batch.size)), ("accumulation", .value(batch.accumulation)),
            ])
        }
        return .keys([
            ("tokens", .value(batch.size)), ("accumulation", .value(batch.accumulation)),
            ("image_token_cost", .value(batch.imageTokenCost)),
            ("image_cost", .value(batch.imageCost)), ("packing", .value(batch.packingName)),
            ("window", batch.window.map { .value($0) }),
        ])
    }

    private var runtimeNode: Node {
        .keys([
            ("device", .value(runtime.device?.description ?? "auto")),
            ("dtype", .value(runtime.dtype?.rawValue ?? "auto")),
            ("threads", runtime.threads.map { .value($0) }),
            ("recompute", .value(runtime.recomputesLayers)),
            ("prefetch", .value(runtime.prefetch)),
            ("data_workers", runtime.dataWorkers.map { .value($0) }),
            ("image_cache_megabytes", .value(runtime.imageCacheBytes >> 20)),
        ])
    }
}

extension Recipe.Prompts {
    fileprivate var node: Node {
        .keys(
            [("remove", .list(removed))] + templates.pairs + [
                (
                    "subsets",
                    .keys(
                        subsets.sorted { $0.key < $1.key }.map { ($0.key, .keys($0.value.pairs)) })
                )
            ])
    }
}

extension Recipe.Prompts.Templates {
    fileprivate var pairs: [(String, Node?)] {
        [
            ("query", query.map { .value($0) }), ("positive", positive.map { .value($0) }),
            ("negative", negative.map { .value($0) }),
        ]
    }
}

extension Node {
    fileprivate static func value(_ value: some CustomStringConvertible) -> Node {
        let text = value.description
        // A text that begins or ends with white space must be quoted to stay as it is.
        let isPlain = !text.isEmpty && !text.contains { $0.isNewline || $0 == "{" || $0 == "\"" }
        return Node(text, .implicit, isPlain ? .any : .doubleQuoted)
    }

    fileprivate static func list(_ values: [some CustomStringConvertible]) -> Node {
        .sequence(.init(values.map { .value($0) }, .implicit, .any))
    }

    fileprivate static func table(_ values: [String: Double]) -> Node {
        .keys(values.sorted { $0.key < $1.key }.map { ($0.key, .value($0.value)) })
    }

    fileprivate static func keys(_ pairs: [(String, Node?)]) -> Node {
        .mapping(
            .init(pairs.compactMap { key, node in node.map { (Node.value(key), $0) } }))
    }
}
