// The settings of an objective as file metadata, as `moca replay` reads them.

import Foundation
import MoCaObjectives
import MoCaSettings

extension Recipe.ObjectiveSettings {
    /// The metadata key of a recipe's `objective` as YAML.
    private static let settingsKey = "settings"

    /// Returns the metadata `objective` with all settings of the objective.
    func metadata() throws -> [String: String] {
        let kind: String
        switch self {
        case .reconstruction: kind = "pretrain"
        case .contrastive: kind = "contrastive"
        }
        let text = try node.yaml()
        return ["objective": kind, Self.settingsKey: text]
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
