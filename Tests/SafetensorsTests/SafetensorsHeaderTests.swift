import Foundation
import MoCaCore
import Testing

@testable import Safetensors

/// One row of verdicts.json: a file, and what the `safetensors` library says about it.
private struct Verdict: Decodable {
    struct Tensor: Decodable {
        let dtype: String
        let shape: [Int]
        let data: Data
    }
    let name: String
    let file: Data
    let error: String?
    let tensors: [String: Tensor]?
}

struct SafetensorsHeaderTests {
    /// Files that the library reads and we refuse: a name twice is a damaged or hostile file, and
    /// the format demands an object of texts as metadata.
    private let stricter: Set<String> = ["duplicate name", "metadata null"]

    @Test func verdictsOfTheLibrary() throws {
        let data = try Data(contentsOf: fixtures.appending(path: "verdicts.json"))
        let verdicts = try JSONDecoder().decode([Verdict].self, from: data)
        #expect(verdicts.count > 70)
        for verdict in verdicts {
            guard let expected = verdict.tensors, !stricter.contains(verdict.name) else {
                #expect(throws: SafetensorsError.self, "\(verdict.name)") {
                    try header(verdict.file)
                }
                continue
            }
            let found = try header(verdict.file)
            #expect(Set(found.names) == Set(expected.keys), "\(verdict.name)")
            for (name, tensor) in expected {
                let entry = try #require(found.entries[name])
                #expect(entry.dtype.rawValue == tensor.dtype)
                #expect(entry.shape == tensor.shape)
                let range = found.dataStart + entry.byteRange.lowerBound
                #expect(verdict.file[range..<range + entry.byteCount] == tensor.data)
            }
        }
    }

    @Test(arguments: [
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 3,
            SafetensorsError.truncated(file: "f", tensor: "a", expected: 65, found: 64)
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, 6,
            .trailingBytes(file: "f", count: 2)
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}"#, 4,
            .invalidOffsets(file: "f", tensor: "a", begin: 4, end: 0)
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}"#, 4,
            .invalidOffsets(file: "f", tensor: "a", begin: -4, end: 0)
        ),
        (
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, 4,
            .hole(file: "f", tensor: "a", begin: 0, end: 1)
        ),
        (
            #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
                + #""b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, 4,
            .overlap(file: "f", tensor: "b", other: "a")
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
            .sizeMismatch(file: "f", tensor: "a", expected: 8, found: 4)
        ),
        (
            #"{"a":{"dtype":"F7","shape":[4],"data_offsets":[0,4]}}"#, 4,
            .unknownDType(file: "f", tensor: "a", dtype: "F7")
        ),
        (
            #"{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}"#, 4,
            .invalidShape(file: "f", tensor: "a", shape: [-4], reason: "a size is negative")
        ),
        (
            #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]"#, 4,
            .invalidEntry(file: "f", tensor: "a", byte: 59, reason: "the text ends too early")
        ),
        (
            #"{"a":{"dtype":"U8","data_offsets":[0,4]}}"#, 4,
            .invalidEntry(
                file: "f", tensor: "a", byte: 13,
                reason: "expected dtype, shape and data_offsets [begin, end]")
        ),
        (
            #" {}"#, 0,
            .invalidHeader(file: "f", byte: 8, reason: "the header does not begin with '{'")
        ),
        (
            #"{"__metadata__":{},"__metadata__":{}}"#, 0,
            .invalidHeader(file: "f", byte: 42, reason: "__metadata__ stands twice")
        ),
    ])
    func eachFaultHasItsError(_ text: String, _ count: Int, _ error: SafetensorsError) {
        var file = withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Data($0) }
        file += Data(text.utf8) + Data(count: count)
        #expect(throws: error) { try header(file) }
    }

    /// Whatever happens to a header, it is refused with a typed error, or it describes the data
    /// once and fully.
    @Test(arguments: ["dtypes", "shapes"])
    func mutatedHeaders(_ name: String) throws {
        let original = try Data(
            contentsOf: fixtures.appending(path: "\(name).safetensors"))
        let length = try header(original).dataStart
        var random = RandomSource(seed: 7, name: name)
        var acceptedCount = 0
        for _ in 0..<10_000 {
            var file = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                mutate(&file, headerLength: length, using: &random)
            }
            do {
                let found = try header(file)
                acceptedCount += 1
                var end = 0
                for name in found.names {
                    let entry = try #require(found.entries[name])
                    #expect(entry.byteRange.lowerBound == end)
                    #expect(entry.byteCount * 8 == entry.elementCount * entry.dtype.bitWidth)
                    end = entry.byteRange.upperBound
                }
                #expect(found.dataStart + end == file.count)
            } catch is SafetensorsError {
                continue
            }
        }
        #expect(acceptedCount > 0 && acceptedCount < 5_000)
    }

    private func mutate(
        _ file: inout Data, headerLength: Int, using random: inout RandomSource
    ) {
        let limit = min(headerLength, file.count)
        guard limit > 0 else { return }
        let index = Int.random(in: 0..<limit, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: file[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1:
            file[index] = Array("{}[]\",:0123456789-\\ \u{0}".utf8).randomElement(using: &random)!
        case 2: file.remove(at: index)
        case 3: file.insert(UInt8.random(in: 0...255, using: &random), at: index)
        case 4: file = file.prefix(Int.random(in: 0...file.count, using: &random))
        default:
            let end = Int.random(in: index..<limit, using: &random)
            file.insert(contentsOf: file[index...end], at: index)
        }
        file = Data(file)
    }
}
