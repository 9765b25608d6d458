// The committed vocabularies and texts, unpacked and read once.

import Foundation
import MoCaTestSupport
import MoCaTokenizer

/// Golden data of scripts/fixtures/tokenizer.py.
enum TokenizerFixtures {
    /// What a vocabulary makes of the golden texts.
    struct Expected: Decodable {
        struct Facts: Decodable {
            let length: Int
            let allSpecialIDs: [Int32]
            let pad: Int32
            let eos: Int32
            let maxLength: Int
            let mask: Int32
            let allSpecialIDsWithMask: [Int32]
            let maskedIDs: [[Int32]]

            private enum CodingKeys: String, CodingKey {
                case length, pad, eos, mask
                case allSpecialIDs = "all_special_ids"
                case maxLength = "max_length"
                case allSpecialIDsWithMask = "all_special_ids_with_mask"
                case maskedIDs = "masked_ids"
            }
        }

        let ids: [[Int32]]
        let decoded: [String]
        let decodedSkipping: [String]
        let randomIDs: [[Int32]]
        let randomDecoded: [String]
        let facts: Facts

        private enum CodingKeys: String, CodingKey {
            case ids, decoded, facts
            case decodedSkipping = "decoded_skipping"
            case randomIDs = "random_ids"
            case randomDecoded = "random_decoded"
        }
    }

    /// `golden.json`.
    struct Golden: Decodable {
        let texts: [String]
        let real: Expected
        let mini: Expected
    }

    /// The vocabularies of the fixtures.
    enum Vocabulary: String, CaseIterable {
        case real, mini

        var expected: Expected {
            get throws {
                let golden = try TokenizerFixtures.golden.get()
                return self == .real ? golden.real : golden.mini
            }
        }

        var tokenizer: Tokenizer {
            get throws { try (self == .real ? realTokenizer : miniTokenizer).get() }
        }
    }

    static let folder = Repository.fixtures.appending(path: "tokenizer")

    static let golden = Result { try decode(Golden.self, from: data("golden.json")) }
    static let realTokenizer = Result { try Tokenizer(contentsOf: unpacked(.real)) }
    static let miniTokenizer = Result { try Tokenizer(contentsOf: unpacked(.mini)) }

    static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
        try JSONDecoder().decode(type, from: data)
    }

    /// The contents of a fixture, unpacked where it ends in `.gz`.
    static func data(_ name: String, in folder: URL = folder) throws -> Data {
        let url = folder.appending(path: name)
        guard name.hasSuffix(".gz") else { return try Data(contentsOf: url) }
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", url.path]
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileReadCorruptFile) }
        return data
    }

    /// The little-endian 32-bit numbers of a fixture.
    static func digests(_ name: String, in folder: URL = folder) throws -> [UInt32] {
        let bytes = try data(name, in: folder)
        return bytes.withUnsafeBytes { raw in
            (0..<raw.count / 4).map {
                UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
            }
        }
    }

    /// Holds all temporary folders; removed when the process ends.
    private static let temporaryRoot: URL = {
        atexit { try? FileManager.default.removeItem(at: TokenizerFixtures.temporaryRoot) }
        return FileManager.default.temporaryDirectory
            .appending(path: "moca-tokenizer-\(ProcessInfo.processInfo.processIdentifier)")
    }()

    /// A new temporary folder.
    static func temporaryFolder() throws -> URL {
        let url = temporaryRoot.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    /// A new folder with the two files of a vocabulary.
    static func unpacked(_ vocabulary: Vocabulary) throws -> URL {
        try makeFolder(
            definition: data("\(vocabulary.rawValue).tokenizer.json.gz"),
            configuration: data("\(vocabulary.rawValue).tokenizer_config.json"))
    }

    /// A new folder with these files.
    static func makeFolder(definition: Data?, configuration: Data? = nil) throws -> URL {
        let folder = try temporaryFolder()
        try definition?.write(to: folder.appending(path: "tokenizer.json"))
        try configuration?.write(to: folder.appending(path: "tokenizer_config.json"))
        return folder
    }

    /// The mini vocabulary's `tokenizer.json`.
    static let miniDefinition = Result {
        String(decoding: try data("mini.tokenizer.json.gz"), as: UTF8.self)
    }
}

/// CRC-32 as zlib computes it, over the little-endian bytes of numbers, or the UTF-8 of a text.
struct IDDigest {
    private var state: UInt32 = 0xFFFF_FFFF

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in
            value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
        }
    }

    var value: UInt32 { ~state }

    mutating func add(_ ids: some Sequence<Int32>) {
        Self.table.withUnsafeBufferPointer { table in
            for id in ids {
                let bits = UInt32(bitPattern: id)
                for shift: UInt32 in [0, 8, 16, 24] {
                    let index = Int((state ^ bits >> shift) & 0xFF)
                    state = state >> 8 ^ table[index]
                }
            }
        }
    }

    static func of(_ text: String) -> UInt32 {
        ~text.utf8.reduce(0xFFFF_FFFF) { state, byte in
            state >> 8 ^ table[Int((state ^ UInt32(byte)) & 0xFF)]
        }
    }

    static func of(_ ids: [Int32]) -> UInt32 {
        var digest = IDDigest()
        digest.add(ids)
        return digest.value
    }
}
