// The settings of an objective as file metadata, as `moca replay` reads them.

import Foundation
import MoCaObjectives
import MoCaSettings

extension Recipe.Stage {
    /// The metadata key of the objective's name.
    static let objectiveKey = "objective"

    /// The name of the stage's objective, in metadata and for `--objective`.
    package var objectiveName: String {
        switch self {
        case .pretrain: "pretrain"
        case .finetune: "contrastive"
        }
    }

    /// Creates the stage of an objective's name; nil for an unknown name.
    package init?(objectiveName: String) {
        guard let stage = Self.allCases.first(where: { $0.objectiveName == objectiveName }) else {
            return nil
        }
        self = stage
    }
}

extension Recipe.ObjectiveSettings {
    /// The metadata key of a recipe's `objective` as YAML.
    private static let settingsKey = "settings"

    /// Returns the metadata `objective` with all settings of the objective.
    func metadata() throws -> [String: String] {
        let stage: Recipe.Stage
        switch self {
        case .reconstruction: stage = .pretrain
        case .contrastive: stage = .finetune
        }
        let text = try node.yaml()
        return [Recipe.Stage.objectiveKey: stage.objectiveName, Self.settingsKey: text]
    }

    /// Reads the settings from the metadata of a file that a run saved; files of other programs
    /// have none.
    ///
    /// - Throws: `TrainingError.badRecipe` with all problems, `.unreadableRecipe`.
    package mutating func read(metadata: [String: String], file: String) throws {
        guard let text = metadata[Self.settingsKey] else { return }
        let value: JSON
        do {
            value = try JSON(yaml: text)
        } catch {
            throw TrainingError.unreadableRecipe(
                file: file, reason: "the settings in its metadata are not YAML")
        }
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        let context = SettingsContext(.yaml, sources: SettingsSources(folder: folder))
        let section = Section(value, path: "objective", context)
        read(section)
        section.finish()
        guard context.problems.isEmpty else {
            throw TrainingError.badRecipe(file: file, problems: context.problems)
        }
    }
}
