import Foundation
import MoCaTestSupport
import Testing

@testable import Safetensors

struct SafetensorsWriterTests {
    /// What we write is byte for byte what the library writes, and it loads in Python
    /// (scripts/fixtures/safetensors.py --verify, with the folder of MOCA_SAFETENSORS_OUTPUT).
    @Test func sameBytesAsTheLibrary() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in ["dtypes", "shapes", "empty"] {
            let golden = fixtures.appending(path: "\(name).safetensors")
            let file = try SafetensorsFile(mapping: golden)
            let url = folder.url.appending(path: "\(name).safetensors")
            try SafetensorsWriter.write(
                contents(file).reversed(), to: url, metadata: file.metadata)
            #expect(try Data(contentsOf: url) == Data(contentsOf: golden), "\(name)")
        }
        #expect(try folder.names() == ["dtypes", "empty", "shapes"].map { $0 + ".safetensors" })
        try keep(folder)
    }

    @Test func anyOrderAndPieces() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let tensors = try contents(
            SafetensorsFile(mapping: fixtures.appending(path: "dtypes.safetensors"))
        ).reversed().map { $0 }
        let url = folder.url.appending(path: "reversed.safetensors")
        let writer = try SafetensorsWriter(
            url, tensors: tensors.map(\.tensor), metadata: ["b": "2", "a": "1\n"])
        for (tensor, bytes) in tensors {
            for byte in bytes {
                try withUnsafeBytes(of: byte) { try writer.append($0, to: tensor.name) }
            }
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
        try writer.finish()
        let file = try SafetensorsFile(mapping: url)
        #expect(file.names == tensors.map(\.tensor.name))
        #expect(file.metadata == ["b": "2", "a": "1\n"])
        for (tensor, bytes) in tensors {
            #expect(try file.withBytes(of: tensor.name) { Data($0) } == bytes)
        }
        #expect(try contents(file).map(\.tensor) == tensors.map(\.tensor))
        try keep(folder)
    }

    @Test func unfinishedFilesAreRemovedAndTheOldOneStays() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "a.safetensors")
        try Data("old".utf8).write(to: url)
        do {
            let writer = try SafetensorsWriter(
                url, tensors: [.init("none", .float32, [0]), .init("a", .float32, [2])])
            try writer.append(bytes(4), to: "a")
            #expect(
                throws: SafetensorsError.wrongOrder(
                    file: url.path, tensor: "b", expected: "a")
            ) { try writer.append(bytes(1), to: "b") }
            #expect(
                throws: SafetensorsError.tooManyBytes(
                    file: url.path, tensor: "a", expected: 8, found: 9)
            ) { try writer.append(bytes(5), to: "a") }
            #expect(
                throws: SafetensorsError.unfinished(file: url.path, tensor: "a", missing: 4)
            ) { try writer.finish() }
            #expect(throws: SafetensorsError.beingWritten(file: url.path)) {
                try SafetensorsWriter(url, tensors: [])
            }
            #expect(try folder.names() == [".a.safetensors.partial", "a.safetensors"])
        }
        #expect(try folder.names() == ["a.safetensors"])
        #expect(try Data(contentsOf: url) == Data("old".utf8))
    }

    @Test func theRestOfAKilledWriterIsTakenOver() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "a.safetensors")
        try Data(count: 100_000).write(to: folder.url.appending(path: ".a.safetensors.partial"))
        try SafetensorsWriter.write([(.init("a", .uint8, [1]), Data([9]))], to: url)
        #expect(try folder.names() == ["a.safetensors"])
        #expect(try SafetensorsFile(mapping: url).withBytes(of: "a") { Data($0) } == Data([9]))
    }

    @Test func impossibleDeclarations() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "a")
        #expect(throws: SafetensorsError.duplicateName(file: url.path, tensor: "a")) {
            try SafetensorsWriter(
                url, tensors: [.init("a", .uint8, [1]), .init("a", .uint8, [1])])
        }
        #expect(throws: SafetensorsError.duplicateName(file: url.path, tensor: "__metadata__")) {
            try SafetensorsWriter(url, tensors: [.init("__metadata__", .uint8, [1])])
        }
        #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter(url, tensors: [.init("a", .float4, [3])])
        }
        #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter(
                url,
                tensors: ["a", "b"].map { .init($0, .uint8, [Int.max / 8]) }
                    + [
                        "c", "d", "e",
                        "f", "g", "h", "i", "j", "k",
                    ].map { .init($0, .uint8, [Int.max / 8]) })
        }
        #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter(folder.url.appending(path: "no/folder"), tensors: [])
        }
        #expect(try folder.names() == [])
    }

    @Test func shardsAndIndexAreTheGoldenOnes() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let golden = fixtures.appending(path: "sharded")
        let files = try SafetensorsCheckpoint(opening: golden).files
        let tensors = try files.flatMap { try contents($0) }
        let target = folder.url.appending(path: "sharded")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let writer = try ShardedSafetensorsWriter(
            target, tensors: tensors.map(\.tensor), shardBytesMax: 50)
        for (tensor, bytes) in tensors {
            try bytes.withUnsafeBytes { try writer.append($0, to: tensor.name) }
        }
        try writer.finish()
        for name in try FileManager.default.contentsOfDirectory(atPath: golden.path)
        where !name.hasSuffix("json") {
            #expect(
                try Data(contentsOf: target.appending(path: name))
                    == Data(contentsOf: golden.appending(path: name)), "\(name)")
        }
        let reread = try SafetensorsCheckpoint(opening: target)
        #expect(reread.names == tensors.map(\.tensor.name))
        #expect(throws: SafetensorsError.self) {
            try ShardedSafetensorsWriter(target, tensors: [])
        }
        try keep(folder)
    }

    @Test func oneShardNeedsNoIndex() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for value in [UInt8(1), 2] {
            let writer = try ShardedSafetensorsWriter(
                folder.url, tensors: [.init("a", .uint8, [1])])
            try withUnsafeBytes(of: value) { try writer.append($0, to: "a") }
            try writer.finish()
            #expect(try folder.names() == ["model.safetensors"])
            let file = try SafetensorsCheckpoint(opening: folder.url).file(of: "a")
            #expect(try file.withBytes(of: "a") { $0[0] } == value)
        }
        #expect(throws: SafetensorsError.self) {
            try ShardedSafetensorsWriter(
                folder.url, tensors: [.init("a", .uint8, [1]), .init("b", .uint8, [1])],
                shardBytesMax: 1)
        }
    }

    private func bytes(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(Self.zeros)[0..<count].rebased
    }

    private nonisolated(unsafe) static let zeros = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 16, alignment: 8)

    /// Copies what was written to MOCA_SAFETENSORS_OUTPUT, if set.
    private func keep(_ folder: TemporaryFolder) throws {
        guard let path = ProcessInfo.processInfo.environment["MOCA_SAFETENSORS_OUTPUT"] else {
            return
        }
        for name in try folder.names() {
            let target = URL(filePath: path).appending(path: name)
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.copyItem(at: folder.url.appending(path: name), to: target)
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
