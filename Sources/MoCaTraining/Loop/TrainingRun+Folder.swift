// The run folder: which checkpoint a run resumes, and which files it replaces.

import Foundation

extension TrainingRun {
    func startingCheckpoint() throws -> Checkpoint? {
        let folder = recipe.outputFolder
        try Checkpoint.removePartialOnes(in: folder)
        switch recipe.resume {
        case .from(let checkpoint): return try Checkpoint(opening: checkpoint)
        case .auto: return try Checkpoint.newest(in: folder, warn: say)
        case .never: return nil
        }
    }

    /// Prepares the run folder for this run. Called after everything is loaded, so that a mistake
    /// in the recipe does not destroy an earlier run.
    func takeRunFolder(_ context: Context) throws {
        try RunFile.write(
            Data(recipe.yaml().utf8), to: recipe.outputFolder.appending(path: Recipe.fileName))
        try context.logger.open()
        try clearRunFolder(context.checkpoint)
        guard context.checkpoint != nil else { return }
        try context.logger.begin(context.state)
        try context.saver.judge(context.state)
    }

    /// Removes or moves aside the checkpoints that this run does not continue from.
    private func clearRunFolder(_ start: Checkpoint?) throws {
        let folder = recipe.outputFolder
        switch (recipe.resume, start) {
        case (.never, _):
            for old in try Checkpoint.folders(in: folder) { try old.remove() }
            try BestCheckpoint.remove(from: folder)
        case (.from, let start?): try Checkpoint.putAside(after: start, in: folder, say: say)
        default: break
        }
    }

    func startingState(_ checkpoint: Checkpoint?) throws -> TrainingState {
        let text = try recipe.decisiveText()
        guard let checkpoint else { return TrainingState(recipe: text) }
        var state = try checkpoint.readState()
        if case .auto = recipe.resume, state.recipe != text {
            throw TrainingError.recipeChanged(
                checkpoint: checkpoint.folder.path,
                changes: try Recipe.changes(from: state.recipe, to: text))
        }
        state.recipe = text
        return state
    }
}
