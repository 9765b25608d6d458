import Foundation
import MoCaCore
import MoCaHub
import MoCaTestSupport
import Testing

@testable import MoCaDataPreparation

/// Against `scripts/tests/imitation-hub.py`, which fails as servers do.
@Suite(.serialized) struct FetchingTests {
    private func withHub(_ body: (ImitationHub, Trial) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let hub = try ImitationHub(serving: folder.appending(path: "hub"))
            try body(hub, Trial(folder, hub: hub))
        }
    }

    private let data = noise(300_000)

    private func url(_ hub: ImitationHub, _ path: String, _ more: String = "") -> String {
        "sources: [{url: \"\(hub.address)/files/\(path)\"\(more)}]"
    }

    @Test func cutConnectionsAreContinued() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            try hub.fail(#"{"/files/a.bin": {"cuts": [100000, 70000]}}"#)
            let hash = ", sha256: \(sha256(data))"
            #expect(try trial.run(url(hub, "redirect/a.bin", hash)).files == 1)
            #expect(try Data(contentsOf: trial.output.appending(path: "a.bin")) == data)
            let ranges = try hub.requests().filter { $0.contains("GET /files/a.bin") }
            #expect(
                ranges == [
                    "GET /files/a.bin - 200", "GET /files/a.bin bytes=100000- 206",
                    "GET /files/a.bin bytes=170000- 206",
                ])
            // Nothing is left beside it, and nothing is done again.
            #expect(try files(in: trial.output) == ["a.bin"])
            let again = try trial.run(url(hub, "redirect/a.bin", hash))
            #expect(again.finishedBefore == 1 && again.files == 0)
            #expect(try hub.requests().filter { $0.hasPrefix("GET /files/a.bin") }.count == 3)
        }
    }

    @Test func busyServersAreAskedAgain() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            try hub.fail(
                #"{"/files/a.bin": {"statuses": [429, 503, 500, 429], "retry_after": "0"}}"#)
            #expect(try trial.run(url(hub, "a.bin")).files == 1)
            try hub.fail(#"{"/files/a.bin": {"always": 503}}"#)
            let other = url(hub, "a.bin", ", file: other.bin, size: 300000")
            #expect {
                try trial.run(other)
            } throws: { error in
                guard case PreparationError.unavailable(_, "status 503") = error else {
                    return false
                }
                return (error as? PreparationError)?.kind.rawValue == 69
            }
        }
    }

    @Test func askedPatienceIsKept() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            try hub.fail(#"{"/files/a.bin": {"statuses": [429], "retry_after": "1"}}"#)
            let start = ContinuousClock.now
            try trial.run(url(hub, "a.bin"))
            #expect(ContinuousClock.now - start >= .seconds(1))
        }
    }

    /// A file that changes between two attempts is fetched from the start, and is not a mixture.
    @Test(arguments: [#""change": true"#, #""ranges": false"#])
    func changedOnesStartAnew(fault: String) throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            try hub.fail("{\"/files/a.bin\": {\"cuts\": [100000], \(fault)}}")
            #expect(try trial.run(url(hub, "a.bin")).files == 1)
            #expect(try Data(contentsOf: trial.output.appending(path: "a.bin")) == data)
        }
    }

    @Test func wrongOnesAreRefused() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            let wrong = String(repeating: "0", count: 64)
            #expect {
                try trial.run(url(hub, "a.bin", ", sha256: \"\(wrong)\""))
            } throws: { error in
                guard case PreparationError.wrongHash(_, wrong, _) = error else { return false }
                return true
            }
            #expect(try files(in: trial.output).isEmpty)
            #expect {
                try trial.run(url(hub, "missing.bin"))
            } throws: { error in
                guard case PreparationError.notFound = error else { return false }
                return true
            }
            try hub.fail(#"{"/files/a.bin": {"always": 403}}"#)
            #expect(
                throws: PreparationError.refused(url: "\(hub.address)/files/a.bin", status: 403)
            ) { try trial.run(url(hub, "a.bin")) }
        }
    }

    @Test func noServer() throws {
        try withTemporaryFolder { folder in
            var trial = Trial(folder)
            trial.options.retries.failuresMax = 2
            #expect {
                try trial.run("sources: [{url: \"http://127.0.0.1:1/a.bin\"}]")
            } throws: { error in
                guard case PreparationError.unavailable = error else { return false }
                return true
            }
        }
    }

    // MARK: The Hub

    private let repository = """
        sources:
          - hub: org/set
            files: ["*.txt", "tables/*"]
            archives: [{files: ["images.tar.gz.part-*"], into: images}]
        """

    private func put(_ hub: ImitationHub) throws {
        try hub.put(Data("small".utf8), "datasets/org/set/a.txt")
        try hub.put(data, "datasets/org/set/tables/b.parquet")
        let archive = try Data(contentsOf: archives.appending(path: "good.tar.gz"))
        try hub.put(archive.prefix(100), "datasets/org/set/images.tar.gz.part-00")
        try hub.put(archive.dropFirst(100), "datasets/org/set/images.tar.gz.part-01")
        try hub.put(data, "datasets/org/set/unwanted.bin")
    }

    @Test func aPlanAsksAndFetchesNothing() throws {
        try withHub { hub, trial in
            try put(hub)
            let plan = try trial.preparation(repository).plan()
            #expect(plan.rows.map(\.name) == ["org--set", "org--set/images.tar.gz"])
            #expect(plan.rows.map(\.files) == [2, 2])
            #expect(plan.rows.map(\.bytes) == [300_005, 184])
            #expect(plan.bytesToFetch == 300_189 && plan.diskNeeded == 300_189 + 184)
            #expect(plan.rows.allSatisfy { $0.progress == .toDo })
            #expect(try hub.requests().count == 1)
            #expect(try files(in: trial.output).isEmpty)
        }
    }

    @Test func gatedAndMissingRepositories() throws {
        try withHub { hub, trial in
            try put(hub)
            for status in [401, 403] {
                try hub.fail(
                    #"{"/api/datasets/org/set/revision/main": {"always": \#(status)}}"#)
                #expect(
                    throws: PreparationError.gated(
                        repository: "org/set", reason: "the Hub answers with status \(status)")
                ) { try trial.run(repository) }
            }
            #expect {
                try trial.run("sources: [{hub: org/other, files: [\"*\"]}]")
            } throws: { error in
                guard case PreparationError.notFound = error else { return false }
                return true
            }
            try hub.fail("{}")
            #expect(throws: PreparationError.nothingMatches(source: "org--set", pattern: "*.zip")) {
                try trial.run("sources: [{hub: org/set, files: [\"*.zip\"]}]")
            }
        }
    }

    /// A name with "gated" in it is no gate.
    @Test func aggregatedIsNotGated() throws {
        try withHub { hub, trial in
            var trial = trial
            try hub.put(Data("small".utf8), "datasets/org/aggregated/a.txt")
            let program = trial.folder.appending(path: "programs/bin/hf")
            let script = #"""
                #!/bin/sh
                echo 'Error: File not found in org/aggregated' >&2
                exit 1
                """#
            try write(Data(script.utf8), to: program)
            #expect(chmod(program.path, 0o755) == 0)
            trial.options.programFolders = [trial.folder.appending(path: "programs")]
            trial.options.environment["PATH"] = "/usr/bin:/bin"
            #expect {
                try trial.run("sources: [{hub: org/aggregated, files: [\"*.txt\"]}]")
            } throws: { error in
                guard case PreparationError.notFound = error else { return false }
                return true
            }
        }
    }

    /// While an archive cannot be kept, it is not finished.
    @Test func keptArchivesAreThereWhenTheStateSaysFinished() throws {
        try withHub { hub, trial in
            try hub.put(
                try Data(contentsOf: archives.appending(path: "good.tar.gz")), "files/good.tar.gz")
            let yaml = """
                sources:
                  - url: \(hub.address)/files/good.tar.gz
                    to: copies
                    archives: [{files: ["*"], into: got, keep: true}]
                """
            let place = trial.output.appending(path: "copies/good.tar.gz")
            try write(Data(), to: place.appending(path: "in the way"))
            #expect(throws: PreparationError.self) { try trial.run(yaml) }
            #expect(try trial.preparation(yaml).plan().rows.map(\.progress) == [.begun])
            try FileManager.default.removeItem(at: place)
            #expect(try trial.run(yaml).finished == 1)
            #expect(FileManager.default.fileExists(atPath: place.path))
        }
    }

    @Test func withoutTheProgram() throws {
        try withHub { hub, trial in
            try put(hub)
            var trial = trial
            trial.options.programFolders = [URL(fileURLWithPath: "/nowhere")]
            trial.options.environment["PATH"] = "/usr/bin"
            #expect(
                throws: PreparationError.programMissing(name: "hf", places: "PATH, /nowhere/bin")
            ) { try trial.run(repository) }
        }
    }

    @Test func withoutTheProgramByHTTP() throws {
        try withHub { hub, trial in
            try put(hub)
            var trial = trial
            trial.options.environment["HF_TOKEN"] = "secret"
            let cdn = "/cdn/datasets/org/set/tables/b.parquet"
            // The archive is still coming when the plain files are finished.
            let part = "/cdn/datasets/org/set/images.tar.gz.part-00"
            try hub.fail(
                "{\"\(cdn)\": {\"cuts\": [100000]}, \"\(part)\": {\"delay\": 0.5}}")
            let yaml = repository.replacing("files: [\"*", with: "fetch: http\n    files: [\"*")
            let report = try trial.run(yaml)
            #expect(report.files == 2 && report.entries == 3)
            #expect(
                try Data(contentsOf: trial.output.appending(path: "tables/b.parquet")) == data)
            let lines = try hub.requests().filter { $0.contains(cdn) }
            #expect(lines == ["GET \(cdn) - 200", "GET \(cdn) bytes=100000- 206"])
            let secrets = try text(hub.root.appending(path: "secrets.log"))
            // To the Hub, and not to the other host that it sends us to.
            #expect(secrets.contains("/api/datasets") && !secrets.contains("/cdn/"))
            try hub.fail(
                #"{"/datasets/org/set/resolve/0123456789abcdef0123456789abcdef01234567/unwanted.bin":"#
                    + #" {"always": 401}}"#)
            #expect {
                try trial.run("sources: [{hub: org/set, fetch: http, files: [\"unwanted*\"]}]")
            } throws: { error in
                guard case PreparationError.gated("org/set", _) = error else { return false }
                return true
            }
        }
    }

    @Test(.enabled(if: hasHub, "hf is neither in PATH nor in .deps: pip install huggingface_hub"))
    func theRealProgram() throws {
        try withHub { hub, trial in
            try put(hub)
            try hub.fail(
                #"{"/cdn/datasets/org/set/tables/b.parquet": {"cuts": [100000, 50000]}}"#)
            let report = try trial.run(repository)
            #expect(report.files == 2 && report.entries == 3)
            #expect(
                try files(in: trial.output) == [
                    "a.txt", "images/notes/c.txt", "images/pictures/a.txt",
                    "images/pictures/deep/b.bin", "tables/b.parquet",
                ])
            #expect(
                try Data(contentsOf: trial.output.appending(path: "tables/b.parquet")) == data)
            let asked = try hub.requests().filter { $0.hasPrefix("GET /cdn") }.count
            let again = try trial.run(repository)
            #expect(again.finishedBefore == 2)
            #expect(try hub.requests().filter { $0.hasPrefix("GET /cdn") }.count == asked)
            #expect(try trial.preparation(repository).plan().diskNeeded == 0)
        }
    }

    @Test(.enabled(if: hasHub, "hf is neither in PATH nor in .deps: pip install huggingface_hub"))
    func theRealProgramAtAGate() throws {
        try withHub { hub, trial in
            try put(hub)
            try hub.fail(
                #"{"/datasets/org/set/resolve/0123456789abcdef0123456789abcdef01234567/a.txt":"#
                    + #" {"always": 403}}"#)
            #expect {
                try trial.run("sources: [{hub: org/set, files: [\"a.txt\"]}]")
            } throws: { error in
                guard case PreparationError.gated("org/set", _) = error else { return false }
                return true
            }
            try hub.fail(
                "{\"hash of a.txt\": {}, \"hash of b.parquet\": "
                    + "{\"sha256\": \"\(String(repeating: "0", count: 64))\"}}")
            #expect {
                try trial.run("sources: [{hub: org/set, files: [\"tables/*\"]}]")
            } throws: { error in
                guard case PreparationError.wrongHash("tables/b.parquet", _, _) = error else {
                    return false
                }
                return true
            }
        }
    }

    // MARK: Asking

    /// Whoever asks for a plan waits for one try, and not for all of a run's.
    @Test(arguments: [
        "{url: \"http://127.0.0.1:1/a.bin\"}", "{hub: org/set, files: [\"*\"], fetch: http}",
    ])
    func aPlanWithoutAServerFailsAtOnce(source: String) throws {
        try withTemporaryFolder { folder in
            var trial = Trial(folder)
            trial.options.retries = RetryPolicy()
            trial.options.environment["HF_ENDPOINT"] = "http://127.0.0.1:1"
            let start = ContinuousClock.now
            #expect {
                try trial.preparation("sources: [\(source)]").plan()
            } throws: { error in
                guard case PreparationError.unavailable(let what, _) = error else { return false }
                return what.hasPrefix("http://127.0.0.1:1/")
            }
            #expect(ContinuousClock.now - start < .seconds(5))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left.isEmpty)
        }
    }

    @Test func aServersAnswerIsRemembered() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            let manifest = url(hub, "a.bin")
            let head = "HEAD /files/a.bin - 200"
            #expect(try trial.preparation(manifest).plan().bytesToFetch == data.count)
            #expect(try trial.preparation(manifest).plan().bytesToFetch == data.count)
            #expect(try hub.requests() == [head])
            try trial.run(manifest)
            #expect(try trial.run(manifest).finishedBefore == 1)
            #expect(try hub.requests() == [head, "GET /files/a.bin - 200"])
            let answer = trial.output.appending(path: ".moca-prepare/state/a.bin/answer.json")
            let known = try #require(WorkFolder.read(RemoteAnswer.self, answer))
            #expect(known.size == data.count && known.validator?.hasPrefix("\"") == true)
            // Nothing but what is known is left.
            let left = try FileManager.default.contentsOfDirectory(
                atPath: trial.output.path + "/.moca-prepare")
            #expect(left.sorted() == ["lock", "state"])
            // Another address is another file.
            try hub.put(data, "files/b/a.bin")
            _ = try trial.preparation(url(hub, "b/a.bin")).plan()
            #expect(try hub.requests().last == "HEAD /files/b/a.bin - 200")
        }
    }

    /// An answer that is no longer true costs one failure, not all to come.
    @Test func anAnswerOfAnotherFileIsForgotten() throws {
        try withHub { hub, trial in
            try hub.put(data, "files/a.bin")
            let manifest = url(hub, "a.bin")
            _ = try trial.preparation(manifest).plan()
            try hub.put(data.prefix(1000), "files/a.bin")
            #expect(
                throws: PreparationError.wrongSize(
                    file: trial.output.path + "/.moca-prepare/fetched/a.bin/files/a.bin",
                    expected: data.count, found: 1000)
            ) { try trial.run(manifest) }
            #expect(try trial.run(manifest).files == 1)
            #expect(FileStamp.size(of: trial.output.appending(path: "a.bin")) == 1000)
        }
    }
}
