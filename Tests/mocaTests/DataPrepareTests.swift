import Foundation
import MoCaTestSupport
import Testing

/// `moca data prepare`, killed where it hurts.
@Suite(.serialized) struct DataPrepareTests {
    private func write(_ text: String, _ url: URL) throws {
        try text.write(to: url, atomically: true, encoding: .utf8)
    }

    private func size(_ url: URL) -> Int {
        var status = stat()
        return stat(url.path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Kills the program as soon as `isDue`; whether it was still running.
    private func killed(_ arguments: [String], when isDue: () -> Bool) throws -> Bool {
        let process = try BuiltProgram.make(arguments)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while process.isRunning, !isDue() { usleep(500) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return process.terminationReason == .uncaughtSignal
    }

    @Test func killedInTheMiddleOfADownload() throws {
        try withTemporaryFolder { folder in
            let hub = folder.appending(path: "hub")
            let server = try ImitationHub(serving: hub)
            try FileManager.default.createDirectory(
                at: hub.appending(path: "files"), withIntermediateDirectories: true)
            let bytes = Data((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })
            try bytes.write(to: hub.appending(path: "files/a.bin"))
            try write(#"{"/files/a.bin": {"delay": 0.02}}"#, hub.appending(path: "faults.json"))
            let manifest = folder.appending(path: "m.yaml")
            try write("output: out\nsources: [{url: \"\(server.address)/files/a.bin\"}]", manifest)
            let output = folder.appending(path: "out")
            let arguments = ["data", "prepare", manifest.path]
            #expect(try killed(arguments) { partialSize(output) > 500_000 })
            let result = try BuiltProgram.run(arguments)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try Data(contentsOf: folder.appending(path: "out/a.bin")) == bytes)
            let log = try String(contentsOf: hub.appending(path: "requests.log"), encoding: .utf8)
            let gets = log.split(separator: "\n").filter { $0.hasPrefix("GET") }
            #expect(gets.count == 2 && gets[1].contains("bytes=") && gets[1].hasSuffix("206"))
        }
    }

    /// Bytes of half files below a folder.
    private func partialSize(_ folder: URL) -> Int {
        let files = FileManager.default.subpaths(atPath: folder.path) ?? []
        return files.filter { $0.hasSuffix(".partial") }
            .reduce(0) { $0 + size(folder.appending(path: $1)) }
    }

    @Test func killedInTheMiddleOfUnpacking() throws {
        try withTemporaryFolder { folder in
            let count = 200
            let source = folder.appending(path: "in")
            for index in 0..<count {
                let file = source.appending(path: "d\(index % 10)/\(index).txt")
                if index < 10 {
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                }
                try Data("\(index)\n".utf8).write(to: file)
            }
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            tar.arguments = ["tar", "-C", source.path, "-czf", folder.path + "/in/x.tar.gz"]
            tar.arguments? += (0..<10).map { "d\($0)" }
            try tar.run()
            tar.waitUntilExit()
            let manifest = folder.appending(path: "m.yaml")
            try write(
                "output: out\nsources: [{path: in, archives: [{files: [x.tar.gz], into: got}]}]",
                manifest)
            let unpacked = folder.appending(path: "out/.moca-prepare/unpacked/in/x.tar.gz")
            let arguments = ["data", "prepare", manifest.path, "--json"]
            let isDue = { FileManager.default.fileExists(atPath: unpacked.path + "/d2") }
            #expect(try killed(arguments, when: isDue))
            // d0 is whole: its files must survive as they are.
            let kept = unpacked.appending(path: "d0/0.txt")
            var before = stat()
            #expect(stat(kept.path, &before) == 0)
            usleep(20_000)
            let result = try BuiltProgram.run(arguments)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("\"entries\":\(count)"))
            var after = stat()
            #expect(stat(folder.path + "/out/got/d0/0.txt", &after) == 0)
            #expect(before.st_ino == after.st_ino)
            #expect(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
            let wrong = try (0..<count).filter { index in
                let file = folder.appending(path: "out/got/d\(index % 10)/\(index).txt")
                return try String(contentsOf: file, encoding: .utf8) != "\(index)\n"
            }
            #expect(wrong.isEmpty)
            let again = try BuiltProgram.run(arguments)
            #expect(again.output.contains("\"finishedBefore\":1"))
        }
    }

    @Test func statusesAndMessages() throws {
        try withTemporaryFolder { folder in
            let manifest = folder.appending(path: "m.yaml")
            let arguments = ["data", "prepare", manifest.path]
            #expect(try BuiltProgram.run(arguments).status == 66)
            try write("sources: [{path: here, files: [\"*\"], colour: red}]", manifest)
            let bad = try BuiltProgram.run(arguments)
            #expect(bad.status == 78 && bad.errors.contains("sources[0].colour is unknown"))
            let here = folder.appending(path: "here")
            try FileManager.default.createDirectory(at: here, withIntermediateDirectories: true)
            try write("text", here.appending(path: "a.txt"))
            try write("output: out\nsources: [{path: here, files: [\"*\"]}]", manifest)
            let plan = try BuiltProgram.run(arguments + ["--plan"])
            #expect(plan.status == 0)
            #expect(plan.output.contains("files   bytes  to fetch  to unpack  state"))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/a.txt"))
            let done = try BuiltProgram.run(arguments)
            #expect(done.status == 0 && done.output.contains("1 of 1 piece finished, 0 before"))
            let hash = String(repeating: "0", count: 64)
            try write(
                "output: o\nsources: [{path: here, files: [\"*\"], verify: [{file: a.txt, "
                    + "sha256: \"\(hash)\"}]}]", manifest)
            let wrong = try BuiltProgram.run(arguments)
            #expect(wrong.status == 65 && wrong.errors.contains("file has a wrong hash"))
        }
    }

    @Test func interrupted() throws {
        try withTemporaryFolder { folder in
            let hub = folder.appending(path: "hub")
            let server = try ImitationHub(serving: hub)
            try FileManager.default.createDirectory(
                at: hub.appending(path: "files"), withIntermediateDirectories: true)
            try Data(count: 2_000_000).write(to: hub.appending(path: "files/a.bin"))
            try write(#"{"/files/a.bin": {"delay": 0.05}}"#, hub.appending(path: "faults.json"))
            let manifest = folder.appending(path: "m.yaml")
            try write("output: out\nsources: [{url: \"\(server.address)/files/a.bin\"}]", manifest)
            let program = try BuiltProgram.make(["data", "prepare", manifest.path])
            let errors = Pipe()
            program.standardError = errors
            try program.run()
            while partialSize(folder.appending(path: "out")) < 200_000 { usleep(1000) }
            kill(program.processIdentifier, SIGTERM)
            let text = errors.fileHandleForReading.readDataToEndOfFile()
            program.waitUntilExit()
            #expect(program.terminationStatus == 75)
            #expect(String(decoding: text, as: UTF8.self).contains("preparation was interrupted"))
        }
    }
}
