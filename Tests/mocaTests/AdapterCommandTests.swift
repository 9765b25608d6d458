import Foundation
import MoCaTestSupport
import Testing

/// Adapters, as a user merges them.
@Suite struct AdapterCommandTests {
    /// The adapter names `checkpoint`, a folder, as its base.
    @Test(arguments: [("model/checkpoint", false), ("model/checkpoint_newer", true)])
    func anotherBaseIsWarnedAbout(model: String, isOther: Bool) throws {
        let result = try BuiltProgram.run([
            "similarity", "--query", "a", "--target", "b", "--threads", "1",
            "--model", fixtures.appending(path: model).path,
            "--adapter", fixtures.appending(path: "adapters/released").path,
        ])
        let warning = "warning: adapter may be for another model ("
        #expect(result.errors.contains(warning) == isOther, "\(result.errors)")
        #expect(isOther || result.status == 0)
    }

    @Test func anAdapterIsNoModel() throws {
        let adapter = fixtures.appending(path: "adapters/released").path
        let data = fixtures.appending(path: "data/vidore").path
        try withTemporaryFolder { folder in
            for arguments in [
                ["model", "info"], ["similarity", "--query", "a", "--target", "b"],
                ["evaluate", "vidore", "--data", data, "--output", folder.path],
            ] {
                let result = try BuiltProgram.run(arguments + ["--model", adapter])
                #expect(result.status == 66)
                #expect(result.errors.contains("folder has no model (\(adapter)): "))
            }
        }
    }
}
