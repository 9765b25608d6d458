// The two files of a tokenizer, kept unchanged so that they can be written again.

import Foundation
import MoCaSettings

/// The contents of `tokenizer.json` and `tokenizer_config.json`.
struct TokenizerFiles: Sendable {
    /// The path of `tokenizer.json`, for errors.
    let definitionPath: String
    /// The path of `tokenizer_config.json`, for errors.
    let configurationPath: String
    /// The contents of `tokenizer.json`.
    let definition: Data
    /// The contents of `tokenizer_config.json`; `{}` if the file does not exist.
    let configuration: Data

    /// Reads both files; `url` is a folder or a `tokenizer.json` file.
    init(contentsOf url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw TokenizerError.unreadable(
                file: url.path, reason: "there is no such file or folder")
        }
        let folder = isFolder.boolValue ? url : url.deletingLastPathComponent()
        let definitionURL = isFolder.boolValue ? url.appending(path: "tokenizer.json") : url
        let configurationURL = folder.appending(path: "tokenizer_config.json")
        definitionPath = definitionURL.path
        configurationPath = configurationURL.path
        definition = try Self.read(definitionURL)
        configuration =
            FileManager.default.fileExists(atPath: configurationURL.path)
            ? try Self.read(configurationURL) : Data("{}".utf8)
    }

    private static func read(_ url: URL) throws -> Data {
        do {
            return try Data(contentsOf: url)
        } catch {
            throw TokenizerError.unreadable(file: url.path, reason: error.localizedDescription)
        }
    }

    /// Parses `tokenizer_config.json`.
    func configurationTree() throws -> JSON {
        do {
            return try JSON(parsing: configuration)
        } catch let fault as JSONFault {
            throw TokenizerError(fault, file: configurationPath)
        }
    }

    /// Parses `tokenizer.json`.
    func readDefinition() throws -> TokenizerDefinition {
        try definition.withUnsafeBytes {
            try TokenizerDefinition($0.bindMemory(to: UInt8.self), file: definitionPath)
        }
    }
}
