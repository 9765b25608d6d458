// `data`: the records of a run, how they are mixed, and how they are prepared for the model.

import Foundation
import MoCaCore
import MoCaData
import MoCaProcessing
import MoCaSettings

extension Recipe.DataSettings {
    static func keys(_ stage: Recipe.Stage) -> [RecipeKey<Self>] {
        let sides = 1...1 << 40
        let prompts: [RecipeKey<Self>] =
            stage == .finetune ? [.section("prompts", \.prompts)] : []
        let mixing: [RecipeKey<Self>] = [
            .urls("folders", \.folders), images, .table("weights", \.weights), weightsCheck,
            mixture, sampler, .url("quarantine", \.quarantine), errorPolicy,
        ]
        return mixing + prompts + [
            .integer("min_pixels", \.minPixels, in: sides),
            .integer("max_pixels", \.maxPixels, in: sides), pixelsCheck,
            .choice("orientation", \.orientation),
            .integer("max_length", \.maxLength, in: 1...1 << 30),
            .choice("truncation", \.truncation),
        ]
    }

    private static var images: RecipeKey<Self> {
        RecipeKey { section, data in
            // Not marked as a folder: the value must not depend on whether the folder exists.
            data.images =
                section.optionalURL("images")
                ?? URL(fileURLWithPath: section.context.folder.path, isDirectory: false)
        } write: {
            [("images", .value($0.images.path))]
        }
    }

    private static var pixelsCheck: RecipeKey<Self> {
        .check { section, data in
            if let low = data.minPixels, let high = data.maxPixels, low > high {
                section.add("min_pixels", "is \(low), must not be over max_pixels \(high)")
            }
        }
    }

    // MARK: Mixture

    private static var weightsCheck: RecipeKey<Self> {
        .check { section, data in
            if let weights = data.weights, !weights.isEmpty,
                weights.values.allSatisfy({ $0 == 0 })
            {
                section.add("weights", "leaves no subset, one must be above 0")
            }
        }
    }

    private static var mixture: RecipeKey<Self> {
        let numbers: [RecipeKey<Self>] = [
            .number("temperature", \.temperature, .positive),
            .integer("cap", \.cap, in: 1...Int.max),
        ]
        return RecipeKey { root, data in
            let section = root.section("mixture")
            for key in numbers { key.read(section, &data) }
            guard data.weights != nil else { return }
            for key in ["temperature", "cap"] where section.has(key) {
                section.add(key, "and data.weights exclude each other")
            }
        } write: { data in
            guard data.temperature != nil || data.cap != nil else { return [] }
            return [("mixture", .keys(numbers.flatMap { $0.write(data) }))]
        }
    }

    private static var sampler: RecipeKey<Self> {
        let choice = RecipeKey<Self>.choice("sampler", \.sampler)
        return RecipeKey { section, data in
            choice.read(section, &data)
            guard data.sampler == .roundRobin else { return }
            if data.weights != nil {
                section.add("sampler", "is round_robin, which data.weights exclude")
            }
            if data.temperature != nil {
                section.add("sampler", "is round_robin, which data.mixture.temperature excludes")
            }
        } write: {
            choice.write($0)
        }
    }

    // MARK: Failing records

    private enum ErrorPolicyName: String, CaseIterable {
        case stop, skip
    }

    private static var errorPolicy: RecipeKey<Self> {
        RecipeKey { section, data in
            let name = section.choice("on_error", default: ErrorPolicyName.stop)
            let rate = section.number("max_error_rate", .fraction, default: 0.01)
            switch name {
            case .skip: data.errorPolicy = .skip(maxErrorRate: rate)
            case .stop:
                if section.has("max_error_rate") {
                    section.add("max_error_rate", "needs data.on_error: skip")
                }
                data.errorPolicy = .stop
            }
        } write: { data in
            switch data.errorPolicy {
            case .stop: [("on_error", .value(ErrorPolicyName.stop.rawValue))]
            case .skip(let rate):
                [
                    ("on_error", .value(ErrorPolicyName.skip.rawValue)),
                    ("max_error_rate", .value(rate)),
                ]
            }
        }
    }
}

// MARK: - Prompts

extension Recipe.Prompts: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] { [removedKey, .inline(\.templates), subsetsKey] }

    private static var removedKey: RecipeKey<Self> {
        RecipeKey { section, prompts in
            prompts.removed = section.strings("remove") ?? []
            if prompts.removed.contains("") { section.add("remove", "holds an empty text") }
        } write: {
            [("remove", .list($0.removed))]
        }
    }

    private static var subsetsKey: RecipeKey<Self> {
        RecipeKey { section, prompts in
            let subsets = section.section("subsets")
            for name in subsets.keys {
                var templates = Templates()
                templates.read(subsets.section(name))
                prompts.subsets[name] = templates
            }
        } write: { prompts in
            let subsets = prompts.subsets.sorted { $0.key < $1.key }
            return [("subsets", .keys(subsets.map { ($0.key, .keys($0.value.keysAndNodes)) }))]
        }
    }
}

extension Recipe.Prompts.Templates: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            template("query", \.query), template("positive", \.positive),
            template("negative", \.negative),
        ]
    }

    private static func template(
        _ key: String, _ path: WritableKeyPath<Self, String?>
    ) -> RecipeKey<Self> {
        RecipeKey { section, templates in
            guard let text = section.optionalString(key) else { return }
            do {
                _ = try PromptTemplate(text, role: Role(rawValue: key))
            } catch {
                section.add(key, "is '\(text)', must have {text} or {image}, each at most once")
            }
            templates[keyPath: path] = text
        } write: {
            [(key, $0[keyPath: path].map { .value($0) })]
        }
    }
}
