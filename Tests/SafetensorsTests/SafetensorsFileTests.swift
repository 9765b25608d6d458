import Foundation
import MoCaTestSupport
import Testing

@testable import Safetensors

struct SafetensorsFileTests {
    @Test func goldenFileOfEveryDType() throws {
        let file = try SafetensorsFile(mapping: fixtures.appending(path: "dtypes.safetensors"))
        // The library cannot write the six-bit types from Python; verdicts.json has them.
        let types = SafetensorsDType.allCases.filter { ![.float6e2m3, .float6e3m2].contains($0) }
        #expect(Set(file.names) == Set(types.map { $0.rawValue.lowercased() }))
        #expect(file.metadata == ["format": "pt"])
        for dtype in types {
            let name = dtype.rawValue.lowercased()
            let entry = try file.entry(name)
            #expect(entry.dtype == dtype)
            #expect(entry.shape == (dtype == .float4 ? [3, 4] : [3, 2]))
            #expect(entry.byteCount == entry.elementCount * dtype.bitWidth / 8)
            #expect(
                try file.withBytes(of: name) { Data($0) } == pattern(name, count: entry.byteCount))
        }
    }

    @Test func goldenFileOfUnusualShapesAndNames() throws {
        let file = try SafetensorsFile(mapping: fixtures.appending(path: "shapes.safetensors"))
        let hostile = "name with \"quotes\", \\ and \n\t\u{1} / é 漢 😀"
        #expect(file.entries["scalar"]?.shape == [])
        #expect(file.entries["none"]?.shape == [0, 3])
        #expect(try file.withBytes(of: "none") { $0.count } == 0)
        #expect(file.entries[hostile]?.shape == [2, 1, 2])
        for name in file.names {
            let bytes = try file.withBytes(of: name) { Data($0) }
            #expect(bytes == pattern(name, count: bytes.count))
            #expect(try file.isAligned(name))
        }
        #expect(throws: SafetensorsError.unknownTensor(file: file.url.path, tensor: "x")) {
            try file.bytes(of: "x")
        }
    }

    @Test func namesFollowTheBytesAndMisalignmentShows() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "a.safetensors")
        let text =
            #"{"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]},"#
            + #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#
        var data = withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Data($0) }
        data += Data(text.utf8) + Data([1, 2, 3, 4, 5])
        try data.write(to: url)
        let file = try SafetensorsFile(mapping: url)
        #expect(file.names == ["a", "b"])
        #expect(try file.isAligned("a"))
        #expect(try file.isAligned("b") == ((8 + text.utf8.count + 1) % 4 == 0))
        #expect(try file.withBytes(of: "b") { Data($0) } == Data([2, 3, 4, 5]))
    }

    @Test func writesStayInMemoryAndReleaseForgetsThem() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "a.safetensors")
        let original = pattern("a", count: 40_000)
        try SafetensorsWriter.write([(.init("a", .uint8, [40_000]), original)], to: url)
        let file = try SafetensorsFile(mapping: url)
        try file.withBytes(of: "a") { bytes in
            bytes[20_000] ^= 0xff
            #expect(try Data(contentsOf: url).suffix(40_000) == original)
            #expect(Data(bytes) != original)
            try file.release("a")
            #expect(Data(bytes) == original)
        }
    }

    @Test func mapsLargerThanMemoryAreNotRefused() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let url = folder.url.appending(path: "sparse.safetensors")
        let size = 1 << 40
        let head = try SafetensorsHeader.encode(
            [.init("a", .uint8, [size])], metadata: [:], file: "f")
        try Data(head).write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        do {
            try handle.truncate(atOffset: UInt64(head.count + size))
        } catch {
            return  // This file system has no sparse files of a tebibyte.
        }
        let file = try SafetensorsFile(mapping: url)
        #expect(try file.withBytes(of: "a") { $0[size - 1] } == 0)
    }

    @Test func whatIsNoFileIsNamed() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.url.path
        #expect(throws: SafetensorsError.missing(file: path + "/x")) {
            try SafetensorsFile(mapping: folder.url.appending(path: "x"))
        }
        #expect(throws: SafetensorsError.unreadable(file: path, reason: "not a regular file")) {
            try SafetensorsFile(mapping: URL(filePath: path, directoryHint: .notDirectory))
        }
        let empty = folder.url.appending(path: "empty")
        try Data().write(to: empty)
        #expect(throws: SafetensorsError.noHeader(file: empty.path, size: 0)) {
            try SafetensorsFile(mapping: empty)
        }
    }
}
