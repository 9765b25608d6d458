// The card of a model that a recipe made.

import Foundation
import MoCaModel
import MoCaSettings

extension ModelCard {
    /// Describes the result of a run: base, data, recipe, and the scores of its last evaluation.
    ///
    /// - Throws: `DataError`.
    init(_ recipe: Recipe, _ contract: EmbeddingContract, vectorLength: Int) throws {
        let steps = recipe.schedule.totalSteps
        let stage =
            recipe.stage == .pretrain
            ? "pre-trained further with masked text and masked patches"
            : "fine-tuned with queries and documents"
        var bases: [Base] = []
        if case .path(let folder) = recipe.model { bases = [Base(folder)] }
        let start = bases.first?.name ?? "A model of random weights"
        self.init(
            origin: "\(start), \(stage) in \(steps) steps.", contract: contract,
            vectorLength: vectorLength)
        self.bases = bases
        data = try recipe.data.subsetFolders().map(\.lastPathComponent)
        settings = recipe.keysAndValues.map { ($0.key, Self.withoutFolders($0.value)) }
        scores = Self.scores(in: recipe.outputFolder)
    }

    /// A value in which absolute paths are reduced to their names: a card is for others.
    private static func withoutFolders(_ value: String) -> String {
        value.split(separator: ", ", omittingEmptySubsequences: false).map { item in
            item.hasPrefix("/") ? String(item.split(separator: "/").last ?? "") : String(item)
        }.joined(separator: ", ")
    }

    /// The scores of the newest evaluation of a run, with the intervals of its `scores.json`.
    private static func scores(in run: URL) -> [Score] {
        let folder = run.appending(path: "evaluation")
        let names = FileManager.default.subpaths(atPath: folder.path) ?? []
        let steps = names.compactMap { name -> Int? in
            let parts = name.split(separator: "/")
            guard parts.count == 2, parts[1] == "scores.json" else { return nil }
            return Int(parts[0].dropFirst("step-".count))
        }
        guard let step = steps.max(),
            let data = FileManager.default.contents(
                atPath: folder.appending(path: "step-\(step)/scores.json").path)
        else { return [] }
        do {
            let sets = try JSON(parsing: data)["sets"]?.object ?? JSONObject()
            return sets.sorted { $0.key < $1.key }.compactMap { Score($0.key, $0.value) }
        } catch {
            // The card says what is known; the scores themselves stay where they are.
            return []
        }
    }
}

extension ModelCard.Score {
    /// The measures that a card shows, the first that a set has.
    private static let measures = ["ndcg_at_5", "ndcg_at_10", "precision_at_1"]

    /// Reads the score of a set from `scores.json`.
    fileprivate init?(_ set: String, _ score: JSON) {
        guard let measure = Self.measures.first(where: { score[$0]?.number != nil }),
            let value = score[measure]?.number
        else { return nil }
        let bounds = score["intervals"]?[measure]?.array?.compactMap(\.number) ?? []
        let isInterval = bounds.count == 2 && bounds[0] <= bounds[1]
        self.init(
            set: set, measure: measure, value: value,
            interval: isInterval ? bounds[0]...bounds[1] : nil,
            queryCount: score["num_queries"]?.integer)
    }
}
