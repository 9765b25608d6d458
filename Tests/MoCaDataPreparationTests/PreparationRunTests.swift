import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Synchronization
import Testing

@testable import MoCaDataPreparation

/// Local folders, and what a second run does.
struct PreparationRunTests {
    private func put(_ trial: Trial) throws {
        let archive = try Data(contentsOf: archives.appending(path: "good.tar"))
        try write(archive.prefix(5000), to: trial.folder.appending(path: "in/x.tar.part_aa"))
        try write(archive.dropFirst(5000), to: trial.folder.appending(path: "in/x.tar.part_ab"))
        try write(Data("plain".utf8), to: trial.folder.appending(path: "in/sub/plain.txt"))
    }

    private let manifest = """
        sources:
          - path: in
            files: ["sub/*"]
            to: copies
            archives: [{files: ["*.part_*"], into: got}]
        """

    @Test func aSecondRunDoesNothing() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let report = try trial.run(manifest)
            #expect(report.total == 2 && report.files == 1 && report.entries == 3)
            #expect(try text(trial.output.appending(path: "copies/sub/plain.txt")) == "plain")
            #expect(try files(in: folder.appending(path: "in")).count == 3)
            let again = try trial.run(manifest)
            #expect(again.finishedBefore == 2 && again.finished == 0)
            #expect(
                try trial.preparation(manifest).plan().rows.allSatisfy { $0.progress == .finished })
        }
    }

    @Test func whatIsLostOrChangedIsDoneAgain() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            try trial.run(manifest)
            let entry = trial.output.appending(path: "got/notes/c.txt")
            try FileManager.default.removeItem(at: entry)
            try Data("changed".utf8).write(
                to: trial.output.appending(path: "copies/sub/plain.txt"))
            let again = try trial.run(manifest)
            #expect(again.finished == 2 && again.entries == 3 && again.files == 1)
            #expect(try text(entry) == content("notes/c.txt"))
            #expect(try text(trial.output.appending(path: "copies/sub/plain.txt")) == "plain")
        }
    }

    @Test func anotherFileIsNotOverwritten() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let place = trial.output.appending(path: "got/notes/c.txt")
            try write(Data("mine".utf8), to: place)
            #expect(throws: PreparationError.conflict(archive: "in/x.tar", path: place.path)) {
                try trial.run(manifest)
            }
            #expect(try text(place) == "mine")
            try FileManager.default.removeItem(at: place)
            #expect(try trial.run(manifest).finished == 1)
        }
    }

    /// One that fails does not stop the others; the failure is thrown at the end.
    @Test func theOthersGoOn() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            let yaml = """
                sources:
                  - path: \(archives.path)
                    archives: [{files: ["bad-cut.tar.gz", "good.zip"]}]
                """
            let seen = Mutex<PreparationReport?>(nil)
            #expect(throws: PreparationError.self) {
                try trial.preparation(yaml).run { report in seen.withLock { $0 = report } }
            }
            let report = try #require(seen.withLock { $0 })
            #expect(
                report.finished == 1 && report.failures.map(\.name) == ["archives/bad-cut.tar.gz"])
        }
    }

    @Test func sizesAndHashesOfTheManifest() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let check = "    verify: [{file: in/../x, size: 1}]"
            #expect(throws: PreparationError.nothingMatches(source: "in", pattern: "in/../x")) {
                try trial.run(manifest + "\n" + check)
            }
            let wrong = String(repeating: "0", count: 64)
            #expect {
                try trial.run(
                    manifest + "\n    verify: [{file: x.tar.part_aa, sha256: \"\(wrong)\"}]")
            } throws: { error in
                guard case PreparationError.wrongHash("x.tar.part_aa", wrong, _) = error else {
                    return false
                }
                return true
            }
        }
    }

    /// As in a cache of the Hub, where files are links into another folder.
    @Test func linksOfALocalFolderAreFollowed() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try write(Data("bytes".utf8), to: folder.appending(path: "blobs/1"))
            let link = folder.appending(path: "in/a.txt")
            try write(Data(), to: folder.appending(path: "in/other"))
            #expect(symlink("../blobs/1", link.path) == 0)
            let yaml = "sources: [{path: in, files: [\"*.txt\"]}]"
            #expect(try trial.run(yaml).files == 1)
            #expect(try text(trial.output.appending(path: "a.txt")) == "bytes")
            #expect(unlink(folder.path + "/blobs/1") == 0)
            #expect(throws: PreparationError.self) { try trial.run(yaml) }
        }
    }

    @Test func interruptionKeepsWhatIsDone() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let asked = Mutex(0)
            #expect(throws: PreparationError.interrupted(folder: trial.output.path)) {
                try trial.run(manifest) {
                    asked.withLock { count in
                        count += 1
                        return count > 8
                    }
                }
            }
            let report = try trial.run(manifest)
            #expect(report.finishedBefore + report.finished == 2)
        }
    }

    @Test func twoProcessesDoNotShareAnOutput() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            var lock: FileLock? = try WorkFolder(trial.output).lock()
            #expect(throws: PreparationError.inUse(folder: trial.output.path)) {
                try trial.run(manifest)
            }
            withExtendedLifetime(lock) {}
            lock = nil
            #expect(try trial.run(manifest).finished == 2)
        }
    }

    @Test func aDiskThatIsTooSmallIsRefusedFirst() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let yaml = manifest.replacing(
                "into: got}", with: "into: got, unpacked_bytes: 4_000_000_000_000_000}")
            #expect {
                try trial.run(yaml)
            } throws: { error in
                guard
                    case PreparationError.notEnoughSpace(_, let needed, let free) = error
                else { return false }
                return needed > free && (error as? PreparationError)?.kind.rawValue == 73
            }
            #expect(try files(in: trial.output).isEmpty)
        }
    }

    /// What an interrupted run has unpacked needs no room again.
    @Test func aResumeNeedsTheRestOfTheDisk() throws {
        try withTemporaryFolder { folder in
            let trial = Trial(folder)
            try put(trial)
            let yaml = manifest.replacing("into: got}", with: "into: got, unpacked_bytes: 5000}")
            let preparation = try trial.preparation(yaml)
            let before = try preparation.plan().diskNeeded
            let work = trial.output.appending(path: InnerPath.workFolder)
            // As it lies there in the middle of unpacking.
            try write(noise(3000), to: work.appending(path: "unpacked/in/x.tar/half"))
            let after = try preparation.plan()
            #expect(before - after.diskNeeded == 3000)
            #expect(after.rows.map(\.bytesToUnpack).max() == 5000)
        }
    }

    @Test func noOutput() throws {
        let file = URL(fileURLWithPath: "/m.yaml")
        let manifest = try DataManifest(
            yaml: "sources: [{path: x, files: [\"*\"]}]", file: file)
        #expect(throws: PreparationError.noOutput(file: "/m.yaml")) {
            try DataPreparation(manifest)
        }
    }
}
