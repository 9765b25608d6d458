// The model that a command uses if none is given.

import Foundation

/// The model that comes with the program.
enum DefaultModel {
    /// `$MOCA_MODEL`, or `models/nano` in the nearest folder above the program that contains it.
    ///
    /// - Throws: `CommandError.noDefaultModel`, `.inputMissing`, `HubError`.
    static func folder(_ hub: HubOptions) throws -> URL {
        if let path = ProcessInfo.processInfo.environment["MOCA_MODEL"], !path.isEmpty {
            return try hub.folder(path, "MOCA_MODEL")
        }
        guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
            throw CommandError.noDefaultModel
        }
        var folder = program.deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appending(path: "models/nano", directoryHint: .isDirectory)
            let configuration = candidate.appending(path: "config.json")
            if FileManager.default.fileExists(atPath: configuration.path) { return candidate }
            folder.deleteLastPathComponent()
        }
        throw CommandError.noDefaultModel
    }
}
