// Reads a recipe from YAML and command-line overrides. Keys/ defines the keys.

package import Foundation
import MoCaCore
import MoCaSettings

extension Recipe {
    /// The name of the resolved recipe in a run folder.
    package static let fileName = "recipe.yaml"

    /// Reads a YAML file.
    ///
    /// - Parameters:
    ///   - overrides: `key.path=value`, applied in order. Their paths are relative to
    ///     `workingFolder`; paths in the file are relative to the file's folder.
    /// - Throws: `TrainingError.badRecipe` with all problems, `.otherStage`, `.unreadableRecipe`,
    ///   `.badOverride`.
    package init(
        reading file: URL, stage: Stage, overrides: [String] = [],
        workingFolder: URL = URL(
            fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
    ) throws {
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw TrainingError.missingRecipe(file: file.path)
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

    /// Reads a recipe and infers its stage from its keys. If it is valid for neither stage, the
    /// reported problems are those of the stage with fewer of them.
    ///
    /// - Throws: The errors of `init(reading:stage:)` except `TrainingError.otherStage`.
    package init(ofAnyStage file: URL) throws {
        do {
            try self.init(reading: file, stage: .pretrain)
        } catch TrainingError.otherStage(_, let stage) {
            try self.init(reading: file, stage: stage)
        }
    }

    /// Reads the text of a recipe from `file`.
    ///
    /// - Throws: `TrainingError.badRecipe` with all problems, `.otherStage` if the other stage has
    ///   fewer problems, `.unreadableRecipe`, `.badOverride`.
    package init(
        parsing text: String, file: URL, stage: Stage, overrides: [String] = [],
        workingFolder: URL
    ) throws {
        var settings = try Self.settings(text, file)
        for override in overrides {
            let (path, value) = try Self.parse(override)
            settings.override(path, to: value, folder: workingFolder.absoluteURL)
        }
        let (recipe, problems) = Self.attempt(settings, stage)
        guard problems.isEmpty else {
            // All keys of the other stage would be unknown: name the stage instead of listing them.
            let other = Stage.allCases.first { $0 != stage } ?? stage
            if Self.attempt(settings, other).problems.count < problems.count {
                throw TrainingError.otherStage(file: file.path, stage: other)
            }
            throw TrainingError.badRecipe(file: file.path, problems: problems)
        }
        self = recipe
    }

    /// Returns the settings of a file and of the files that it extends.
    private static func settings(_ text: String, _ file: URL) throws -> LayeredSettings {
        do {
            return try LayeredSettings(yaml: text, file: file)
        } catch SettingsFileError.notYAML(let file, let reason) {
            throw TrainingError.unreadableRecipe(file: file, reason: reason)
        } catch SettingsFileError.badBase(let file, let problem) {
            throw TrainingError.badRecipe(file: file, problems: [problem])
        }
    }

    private static func attempt(
        _ settings: LayeredSettings, _ stage: Stage
    ) -> (recipe: Recipe, problems: [SettingsProblem]) {
        let context = SettingsContext(.yaml, name: "recipe", sources: settings.sources)
        let section = Section(settings.value, context)
        var recipe = Recipe(stage: stage)
        recipe.read(section)
        section.finish()
        if context.problems.isEmpty { recipe.requireNegatives(section) }
        return (recipe, context.problems)
    }

    /// Refuses contrastive training in which no query can have a negative: loss and gradient would be
    /// 0 at every step.
    private func requireNegatives(_ section: Section) {
        guard case .contrastive(let settings) = objective, settings.hardNegatives == 0,
            batch.partSize == 1
        else { return }
        section.add(
            "batch.size",
            "is \(batch.stepAmount) with accumulation \(batch.accumulation) and without "
                + "hard_negatives, so that no query has a negative; must be above accumulation")
    }

    private static func parse(_ override: String) throws -> (path: [String], value: JSON) {
        guard let equals = override.firstIndex(of: "="), equals > override.startIndex else {
            throw TrainingError.badOverride(argument: override, reason: "it is not KEY.PATH=VALUE")
        }
        let path = override[..<equals].split(separator: ".", omittingEmptySubsequences: false)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw TrainingError.badOverride(argument: override, reason: "a key in it is empty")
        }
        guard path != ["extends"] else {
            throw TrainingError.badOverride(
                argument: override, reason: "only a file extends another")
        }
        let text = String(override[override.index(after: equals)...])
        do {
            return (path.map(String.init), try JSON(yaml: text))
        } catch {
            throw TrainingError.badOverride(
                argument: override, reason: "its value is not YAML")
        }
    }
}
