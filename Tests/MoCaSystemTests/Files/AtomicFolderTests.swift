import Foundation
import Testing

@testable import MoCaSystem

/// A reader finds the complete old or the complete new folder, whatever happens to the writer.
struct AtomicFolderTests {
    private let old = ["a": "old a", "gone": "old"]
    private let new = ["a": "new a", "b": "new b", "inner/c": "new c"]

    private func write(_ contents: [String: String], _ url: URL) throws {
        try AtomicFolder.write(url) { folder in
            for (name, text) in contents.sorted(by: { $0.key < $1.key }) {
                let file = folder.appending(path: name)
                try FileSystem.makeFolder(file.deletingLastPathComponent())
                try AtomicFile.write(Data(text.utf8), to: file)
            }
        }
    }

    private func contents(_ url: URL) throws -> [String: String]? {
        guard let found = FileManager.default.enumerator(atPath: url.path) else { return nil }
        var contents: [String: String] = [:]
        for case let name as String in found {
            let file = url.appending(path: name)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            else { continue }
            contents[name] = try String(contentsOf: file, encoding: .utf8)
        }
        return FileManager.default.fileExists(atPath: url.path) ? contents : nil
    }

    @Test(arguments: FaultPlan.Kind.allCases, [true, false])
    func everyFaultLeavesTheOldOrTheNew(kind: FaultPlan.Kind, replaces: Bool) throws {
        let calls = try withFolder { folder in
            let url = folder.appending(path: "model")
            if replaces { try write(old, url) }
            let plan = FaultPlan()
            try plan.run { try write(new, url) }.get()
            return plan.trace.count
        }
        for index in 0..<calls {
            try withFolder { folder in
                let url = folder.appending(path: "model")
                if replaces { try write(old, url) }
                let plan = FaultPlan(kind, at: index)
                _ = plan.run { try write(new, url) }
                let found = try contents(url)
                #expect(
                    found == (replaces ? old : nil) || found == new,
                    "call \(index) of \(plan.trace)")
                try write(new, url)
                #expect(try contents(url) == new)
                #expect(try names(in: folder) == ["model"])
            }
        }
    }

    /// Where two names cannot be exchanged, a kill between two renames is undone by the next run.
    @Test func withoutExchangeAKillIsUndone() throws {
        func isolated(_ plan: FaultPlan, _ body: () throws -> Void) -> Result<Void, any Error> {
            plan.run {
                let inner = SystemCall.rule
                try SystemCall.withFaults({ call, path in
                    if let fault = inner?(call, path) { return fault }
                    return call == .exchange ? .failure(EINVAL) : nil
                }) { try body() }
            }
        }
        let calls = try withFolder { folder in
            let url = folder.appending(path: "model")
            try write(old, url)
            let plan = FaultPlan()
            try isolated(plan) { try write(new, url) }.get()
            #expect(try contents(url) == new)
            return plan.trace.count
        }
        for index in 0..<calls {
            try withFolder { folder in
                let url = folder.appending(path: "model")
                try write(old, url)
                _ = isolated(FaultPlan(.killed, at: index)) { try write(new, url) }
                try AtomicFolder.removeLeftovers(of: url)
                let found = try contents(url)
                #expect(found == old || found == new, "call \(index)")
                #expect(try names(in: folder) == ["model"])
            }
        }
    }

    @Test func aKilledRemovalIsFinishedByTheNext() throws {
        let calls = try withFolder { folder in
            let url = folder.appending(path: "model")
            try write(new, url)
            let plan = FaultPlan()
            try plan.run { try AtomicFolder.remove(url) }.get()
            #expect(try names(in: folder).isEmpty)
            return plan.trace.count
        }
        for index in 0..<calls {
            try withFolder { folder in
                let url = folder.appending(path: "model")
                try write(new, url)
                _ = FaultPlan(.killed, at: index).run { try AtomicFolder.remove(url) }
                let found = try contents(url)
                #expect(found == nil || found == new)
                try AtomicFolder.removeLeftovers(of: url)
                #expect(try contents(url) == found)
            }
        }
    }

    @Test func anAbandonedFolderIsRemoved() throws {
        struct Stop: Error {}
        try withFolder { folder in
            let url = folder.appending(path: "model")
            #expect(throws: Stop.self) {
                try AtomicFolder.write(url) { partial in
                    try AtomicFile.write(Data([1]), to: partial.appending(path: "a"))
                    throw Stop()
                }
            }
            let left = try names(in: folder)
            #expect(left.isEmpty)
        }
    }

    @Test func aSecondWriterIsRefusedWhileTheFirstWrites() throws {
        try withFolder { folder in
            let url = folder.appending(path: "model")
            try AtomicFolder.write(url) { partial in
                #expect {
                    try AtomicFolder.write(url) { _ in }
                } throws: {
                    $0 as? SystemFileError == SystemFileError(path: url.path, code: EWOULDBLOCK)
                }
                try AtomicFile.write(Data([1]), to: partial.appending(path: "a"))
            }
            #expect(try names(in: url) == ["a"])
        }
    }

    @Test func concurrentWritersLeaveTheFolderOfOne() throws {
        try withFolder { folder in
            let url = folder.appending(path: "model")
            let results = parallelMap(400, threads: 8) { number in
                Result {
                    let text = "\(number)"
                    try write(["a": text, "b": text], url)
                }
            }
            for case .failure(let error) in results {
                #expect((error as? SystemFileError)?.cause == .inUse, "\(error)")
            }
            let found = try #require(try contents(url))
            #expect(found.count == 2)
            #expect(Set(found.values).count == 1)
            #expect(try names(in: folder) == ["model"])
        }
    }

    @Test(arguments: [
        (".model.partial", "model"), (".model.old", "model"), (".a.b.removed", "a.b"),
        ("model.partial", nil), (".model", nil),
    ])
    func leftoversAreKnownByName(name: String, folder: String?) {
        #expect(AtomicFolder.folderName(ofLeftover: name) == folder)
    }
}
