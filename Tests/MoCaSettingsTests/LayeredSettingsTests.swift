import Foundation
import MoCaCore
import Testing

@testable import MoCaSettings

@Suite struct LayeredSettingsTests {
    /// Reads the first of some files, written into a folder of their own.
    private func read(_ files: KeyValuePairs<String, String>) throws -> (LayeredSettings, URL) {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "moca-layers-\(UUID().uuidString)").standardizedFileURL
        defer {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                Issue.record(error)
            }
        }
        for (name, text) in files {
            let file = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let settings = try LayeredSettings(
            yaml: files[0].value, file: folder.appending(path: files[0].key))
        return (settings, folder)
    }

    @Test func mapsMergeListsReplaceAndNullTakesAway() throws {
        let (settings, _) = try read([
            "a.yaml": "extends: base/b.yaml\nm: {x: 2, gone: null}\nl: [3]\nn: {y: 1}",
            "base/b.yaml": "extends: ../c.yaml\nm: {x: 1, z: 5}\nl: [1, 2]\nn: 4",
            "c.yaml": "m: {gone: {deep: 1}, w: 0}\nonly: c",
        ])
        #expect(
            settings.value
                == (try JSON(
                    yaml: "{m: {gone: null, w: 0, x: 2, z: 5}, only: c, l: [3], n: {y: 1}}")))
    }

    @Test func pathsAreRelativeToTheFileThatSaysThem() throws {
        let (files, folder) = try read([
            "a.yaml": "extends: base/b.yaml\nown: o\nm: {own: o}",
            "base/b.yaml": "inherited: i\nm: {inherited: [i]}\nown: x",
        ])
        var settings = files
        settings.override(["m", "given"], to: .string("g"), folder: URL(filePath: "/here/"))
        let context = SettingsContext(.yaml, sources: settings.sources)
        let root = Section(settings.value, context)
        #expect(root.url("own").path == folder.path + "/o")
        #expect(root.url("inherited").path == folder.path + "/base/i")
        let section = root.section("m")
        #expect(section.url("own").path == folder.path + "/o")
        #expect(section.urls("inherited").map(\.path) == [folder.path + "/base/i"])
        #expect(section.url("given").path == "/here/g")
    }

    @Test func problemsNameTheFileOfTheirKey() throws {
        let (settings, folder) = try read([
            "a.yaml": "extends: b.yaml\none: x\nm: {three: x}", "b.yaml": "two: x\nm: {four: x}",
        ])
        let context = SettingsContext(.yaml, sources: settings.sources)
        let root = Section(settings.value, context)
        for key in ["one", "two"] { _ = root.integer(key) }
        let section = root.section("m")
        for key in ["three", "four", "five"] { _ = section.integer(key) }
        #expect(
            context.problems.map(\.file)
                == [nil, folder.path + "/b.yaml", nil, folder.path + "/b.yaml", nil])
        #expect(
            context.problems[1].description
                == "two is 'x', must be an integer (in \(folder.path)/b.yaml)")
    }

    private func problem(_ files: KeyValuePairs<String, String>) throws -> String? {
        do {
            _ = try read(files)
            return nil
        } catch SettingsFileError.badBase(_, let problem) {
            return "\(problem.keyPath) \(problem.reason)"
        }
    }

    @Test func aCircleIsRefusedWithItsChain() throws {
        #expect(
            try problem(["a.yaml": "extends: b.yaml", "b.yaml": "extends: ./a.yaml"])
                == "extends is './a.yaml', which leads back to where it began: "
                + "a.yaml -> b.yaml -> a.yaml")
        #expect(try problem(["a.yaml": "extends: a.yaml"])?.hasSuffix("a.yaml -> a.yaml") == true)
    }

    @Test func whatIsNoFileIsRefused() throws {
        #expect(try problem(["a.yaml": "extends: [b]"]) == "extends must be the path of a file")
        #expect(try problem(["a.yaml": "extends:"]) == "extends must be the path of a file")
        #expect(
            try problem(["a.yaml": "extends: none.yaml"])?
                .hasPrefix("extends is 'none.yaml', which cannot be read: ") == true)
        #expect(throws: SettingsFileError.self) {
            try read(["a.yaml": "extends: b.yaml", "b.yaml": "a: [1"])
        }
    }
}
