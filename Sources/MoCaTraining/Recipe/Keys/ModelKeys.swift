// `model`: the initial weights of a run.

import Foundation
import MoCaHub
import MoCaSettings
import NN

extension Recipe {
    static var modelKey: RecipeKey<Recipe> {
        RecipeKey { root, recipe in
            let section = root.section("model")
            if section.has("initialize") {
                if section.has("path") { section.add("path", "and initialize exclude each other") }
                var fresh = Initialization()
                fresh.seed = recipe.seed
                fresh.read(section.section("initialize"))
                recipe.model = .initialize(fresh)
            } else if let path = section.optionalURL("path") {
                recipe.model = Recipe.Model(path, text: section["path"]?.string ?? "")
            } else {
                section.add("path", "is missing, must be a folder; or give initialize")
            }
            recipe.adapter = section.optionalURL("adapter")
            if recipe.adapter != nil, section.has("initialize") {
                section.add("adapter", "and initialize exclude each other")
            }
            recipe.frozen = section.patterns("freeze")
        } write: { recipe in
            let start: (String, JSON?) =
                switch recipe.model {
                // A snapshot by its name, so that the recipe holds on other machines too.
                case .path(let url): ("path", .value(HubSnapshot(url)?.text ?? url.path))
                case .hub(let reference): ("path", .value(reference.text))
                case .initialize(let fresh): ("initialize", .keys(fresh.keysAndNodes))
                }
            let freeze = recipe.frozen.isEmpty ? nil : JSON.list(recipe.frozen.map(\.text))
            let adapter = recipe.adapter.map { JSON.value($0.path) }
            return [("model", .keys([start, ("adapter", adapter), ("freeze", freeze)]))]
        }
    }
}

extension Recipe.Model {
    /// The model of a path: an existing folder, else a repository of the Hub if the text is the
    /// name of one, else a folder.
    init(_ path: URL, text: String) {
        let isThere = FileManager.default.fileExists(atPath: path.path)
        if !isThere, let reference = HubReference(model: text) {
            self = .hub(reference)
        } else {
            self = .path(path)
        }
    }
}

extension Recipe.Initialization: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [config, scheme, Recipe.seedKey("seed", \.seed), .table("gains", \.gains)]
    }

    private static var config: RecipeKey<Self> {
        RecipeKey { section, fresh in
            let url = section.url("config")
            fresh.config = url.pathExtension == "json" ? url.deletingLastPathComponent() : url
        } write: {
            [("config", .value($0.config.path))]
        }
    }

    private enum SchemeName: String, CaseIterable {
        case unitVariance = "unit_variance"
        case fixed
    }

    private static var scheme: RecipeKey<Self> {
        RecipeKey { section, fresh in
            switch section.choice("scheme", default: SchemeName.unitVariance) {
            case .unitVariance:
                fresh.scheme = .unitVariance(
                    embeddingDeviation: section.number(
                        "embedding_deviation", .positive, default: 1))
            case .fixed:
                fresh.scheme = .fixed(
                    deviation: section.number("deviation", .positive, default: 0.02))
            }
        } write: { fresh in
            switch fresh.scheme {
            case .unitVariance(let deviation):
                [
                    ("scheme", .value(SchemeName.unitVariance.rawValue)),
                    ("embedding_deviation", .value(deviation)),
                ]
            case .fixed(let deviation):
                [("scheme", .value(SchemeName.fixed.rawValue)), ("deviation", .value(deviation))]
            }
        }
    }
}
