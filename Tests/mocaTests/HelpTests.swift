import Foundation
import MoCaTestSupport
import Testing

@testable import moca

/// Help texts are a promise: a change of an option shows in a diff. MOCA_RECORD_HELP=1 writes them.
@Suite struct HelpTests {
    @Test(arguments: [
        [], ["embed"], ["similarity"], ["model"], ["model", "info"], ["model", "init"],
        ["model", "merge"], ["model", "average"], ["model", "verify"], ["model", "list"],
        ["model", "fetch"], ["replay"], ["bench"],
        ["bench", "embed"], ["bench", "train"],
        ["report"], ["reconstruct"], ["index"], ["search"], ["evaluate"], ["evaluate", "mmeb"],
        ["evaluate", "vidore"], ["evaluate", "retrieval"], ["evaluate", "compare"],
        ["evaluate", "drift"], ["evaluate", "report"], ["pretrain"], ["finetune"], ["launch"],
        ["data"], ["data", "prepare"], ["data", "check"], ["data", "stats"], ["data", "mine"],
        ["data", "show"], ["vectors"], ["vectors", "merge"],
    ])
    func isAsRecorded(command: [String]) throws {
        let result = try BuiltProgram.run(
            command + ["--help"], environment: ["COLUMNS": "100"])
        #expect(result.status == 0 && result.errors.isEmpty)
        let name = (["moca"] + command).joined(separator: "-")
        let file = Repository.root.appending(path: "Tests/mocaTests/Help/\(name).txt")
        if ProcessInfo.processInfo.environment["MOCA_RECORD_HELP"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try result.output.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try result.output == String(contentsOf: file, encoding: .utf8))
    }

    @Test func version() throws {
        let result = try BuiltProgram.run(["--version"])
        #expect(result.status == 0)
        #expect(result.output == Moca.version + "\n")
    }

    @Test(arguments: [
        ("auto", "auto"), ("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:3", "cuda:3"), ("mps", "mps"),
    ])
    func devices(text: String, device: String) throws {
        #expect(try #require(DeviceChoice(argument: text)).defaultValueDescription == device)
    }

    @Test(arguments: ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2"])
    func otherDevicesAreRefused(text: String) {
        #expect(DeviceChoice(argument: text) == nil)
    }
}
