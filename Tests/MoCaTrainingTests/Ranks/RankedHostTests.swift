// Two hosts, imitated by network namespaces with a link between them that a test can cut.

import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// Two network namespaces with a link between them.
private enum ImitatedHosts {
    /// Namespaces need the superuser and the program `ip`.
    static let isPossible =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: program)
        && FileManager.default.isExecutableFile(atPath: BuiltProgram.url.path)
        && namespacesWork

    private static var namespacesWork: Bool {
        if case .success(0) = Result(catching: { try ip("netns", "list") }) { return true }
        return false
    }

    static let program =
        ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip"]
        .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "/usr/sbin/ip"

    @discardableResult
    static func ip(_ arguments: String...) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Runs `body` with two namespaces, whose addresses are 10.77.0.1 and 10.77.0.2.
    static func run(_ body: ([String]) throws -> Void) throws {
        let names = (0...1).map { "moca-\(getpid())-\($0)" }
        let links = (0...1).map { "mc\(getpid())\($0)" }
        defer { for name in names { _ = Result { try ip("netns", "delete", name) } } }
        for name in names { #expect(try ip("netns", "add", name) == 0) }
        #expect(
            try ip(
                "link", "add", links[0], "netns", names[0], "type", "veth", "peer", "name",
                links[1], "netns", names[1]) == 0)
        for (index, name) in names.enumerated() {
            try ip(
                "-n", name, "addr", "add", "10.77.0.\(index + 1)/24", "dev", links[index])
            try ip("-n", name, "link", "set", links[index], "up")
            try ip("-n", name, "link", "set", "lo", "up")
        }
        try body(names + links)
    }
}

@Suite(.serialized, .enabled(if: ImitatedHosts.isPossible)) struct RankedHostTests {
    @Test func aCutLinkEndsBothHostsAndTheRunGoesOn() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let timeout = ["runtime.rank_timeout=5"]
            let plain = try RankJob.arguments(.pretrain, folder, output: "a", timeout)
            #expect(try RankJob(2, plain).finish().map(\.status) == [0, 0])
            try ImitatedHosts.run { names in
                let arguments = try RankJob.arguments(.pretrain, folder, output: "b", timeout)
                func start() throws -> RankJob {
                    try RankJob(
                        2, address: "10.77.0.1",
                        on: { [ImitatedHosts.program, "netns", "exec", names[$0]] }
                    ) { _ in arguments }
                }
                let job = try start()
                try job.wait(for: 8, in: broken)
                let cut = ContinuousClock.now
                try ImitatedHosts.ip("-n", names[1], "link", "set", names[3], "down")
                let ends = job.finish()
                let duration = ContinuousClock.now - cut
                #expect(ends.map(\.status) == [69, 69], "\(ends)")
                #expect(duration > .seconds(3) && duration < .seconds(15), "\(duration)")
                try ImitatedHosts.ip("-n", names[1], "link", "set", names[3], "up")
                let last = try start().finish()
                #expect(last.map(\.status) == [0, 0], "\(last)")
            }
            let name = "model/model.safetensors"
            #expect(
                try Data(contentsOf: whole.appending(path: name))
                    == Data(contentsOf: broken.appending(path: name)))
        }
    }
}
