// The settings of an objective as texts of a file, under the name that `moca replay` looks for.

import Foundation
import MoCaObjectives
import MoCaSettings

extension Recipe.ObjectiveSettings {
    /// The key of a recipe's `objective` as YAML.
    private static let settingsKey = "settings"

    /// `objective`, and all its settings.
    func metadata() throws -> [String: String] {
        let kind: String
        switch self {
        case .reconstruction: kind = "pretrain"
        case .contrastive: kind = "contrastive"
        }
        let text = try node.yaml()
        return ["objective": kind, Self.settingsKey: text]
    }

    /// Takes over the settings that a file of a run was saved with; a file of another program has
    /// none.
    ///
    /// - Throws: `TrainingError.badRecipe` with every problem there is, `.unreadableRecipe`.
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
