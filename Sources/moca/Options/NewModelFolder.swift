// The folder of a model that a command writes.

import ArgumentParser
import Foundation

/// The option that names the folder of a new model.
struct NewModelFolder: ParsableArguments {
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("A folder that has no model yet.", valueName: "dir"))
    var path: String

    /// Returns the folder, creating it if it does not exist.
    ///
    /// - Throws: `CommandError.outputExists`, `.cannotWrite`.
    func made() throws -> URL {
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        let configuration = folder.appending(path: "config.json")
        guard !FileManager.default.fileExists(atPath: configuration.path) else {
            throw CommandError.outputExists(path: path)
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError.cannotWrite(path: path, reason: error.localizedDescription)
        }
        return folder
    }
}
