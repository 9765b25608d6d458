import Foundation
import Testing

@testable import MoCaSystem

/// A reader finds the complete old or the complete new content, whatever happens to the writer.
struct AtomicFileTests {
    private static let old = Data("old content".utf8)
    // More than one buffer, so that there are several writes.
    private static let new = Data((0..<1_300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    private var old: Data { Self.old }
    private var new: Data { Self.new }

    private func write(_ url: URL) throws {
        let file = try AtomicFile(url)
        for start in stride(from: 0, to: new.count, by: 350_000) {
            try file.append(new[start..<min(start + 350_000, new.count)])
        }
        try file.finish()
    }

    @Test(arguments: FaultPlan.Kind.allCases, [true, false])
    func everyFaultLeavesTheOldOrTheNew(kind: FaultPlan.Kind, replaces: Bool) throws {
        let calls = try withFolder { folder in
            let plan = FaultPlan()
            try plan.run { try write(folder.appending(path: "a.bin")) }.get()
            return plan.trace.count
        }
        #expect(calls >= 8)
        for index in 0..<calls {
            try withFolder { folder in
                let url = folder.appending(path: "a.bin")
                if replaces { try old.write(to: url) }
                let plan = FaultPlan(kind, at: index)
                let outcome = plan.run { try write(url) }
                let found = FileManager.default.contents(atPath: url.path)
                let before = replaces ? old : nil
                #expect(found == before || found == new, "call \(index) of \(plan.trace)")
                if case .success = outcome { #expect(found == new) }
                let others = try names(in: folder).filter { $0 != "a.bin" }
                #expect(others.allSatisfy { $0 == ".a.bin.partial" })
                // Whoever is not killed cleans up, unless the removal was what failed.
                if kind != .killed, plan.trace.dropFirst(index).first != .remove {
                    #expect(others.isEmpty, "call \(index) of \(plan.trace)")
                }
                try write(url)
                #expect(try Data(contentsOf: url) == new)
                #expect(try names(in: folder) == ["a.bin"])
            }
        }
    }

    @Test func dataIsSynchronisedBeforeTheNameAndTheFolderAfterIt() throws {
        try withFolder { folder in
            let plan = FaultPlan()
            try plan.run { try AtomicFile.write(new, to: folder.appending(path: "a")) }.get()
            #expect(
                plan.trace == [
                    .open, .lock, .truncate, .write, .synchronize, .rename, .open, .synchronize,
                ])
        }
    }

    @Test(arguments: [EINVAL, ENOTSUP, EACCES])
    func aFolderThatCannotBeSynchronisedIsTolerated(code: Int32) throws {
        try withFolder { folder in
            let url = folder.appending(path: "a")
            try SystemCall.withFaults({ call, path in
                call == .synchronize && path == folder.path ? .failure(code) : nil
            }) { try AtomicFile.write(old, to: url) }
            #expect(try Data(contentsOf: url) == old)
        }
    }

    @Test func anAbandonedFileIsRemoved() throws {
        try withFolder { folder in
            try {
                let file = try AtomicFile(folder.appending(path: "a"))
                try file.append("half")
            }()
            #expect(try names(in: folder).isEmpty)
        }
    }

    @Test func aSecondWriterIsRefusedWhileTheFirstWrites() throws {
        try withFolder { folder in
            let url = folder.appending(path: "a")
            let first = try AtomicFile(url)
            try first.append("first")
            #expect {
                _ = try AtomicFile(url)
            } throws: {
                ($0 as? SystemFileError)?.cause == .inUse
            }
            try first.finish()
            #expect(try String(contentsOf: url, encoding: .utf8) == "first")
            try AtomicFile.write(Data("second".utf8), to: url)
            #expect(try String(contentsOf: url, encoding: .utf8) == "second")
        }
    }

    @Test func concurrentWritersLeaveTheContentOfOne() throws {
        try withFolder { folder in
            let url = folder.appending(path: "a")
            let results = parallelMap(16, threads: 8) { number in
                Result {
                    for _ in 0..<20 {
                        try AtomicFile.write(
                            Data(repeating: UInt8(number), count: 50_000), to: url)
                    }
                }
            }
            for result in results { try result.get() }
            let found = try Data(contentsOf: url)
            #expect(found.count == 50_000)
            #expect(Set(found).count == 1)
            #expect(try names(in: folder) == ["a"])
        }
    }

    @Test func permissionsOfAnOlderFileStay() throws {
        try withFolder { folder in
            let url = folder.appending(path: "a")
            try old.write(to: url)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: url.path)
            try AtomicFile.write(new, to: url)
            let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func aNameOfTheGreatestLengthCanBeWritten() throws {
        try withFolder { folder in
            let url = folder.appending(path: String(repeating: "n", count: 255))
            try AtomicFile.write(old, to: url)
            #expect(try Data(contentsOf: url) == old)
        }
    }

    @Test func deviceAndMissingFolderAreNamed() throws {
        let device = URL(fileURLWithPath: "/dev/null")
        #expect(
            throws: SystemFileError(
                path: "/dev/null", code: ENOTSUP, reason: "it is a device or a pipe")
        ) { try AtomicFile.write(old, to: device) }
        let missing = URL(fileURLWithPath: "/no such folder/a")
        #expect(throws: SystemFileError(path: missing.path, code: ENOENT)) {
            try AtomicFile.write(old, to: missing)
        }
    }
}
