import Foundation
import MoCaData
import MoCaTables
import MoCaTestSupport
import Safetensors
import Testing
@testable import MoCaVectors

@Suite struct EmbeddingOutputTests {
    @Test func allFormatsHoldTheSame() async throws {
        try await withTemporaryFolder { folder in
            let url = { (ending: String) in folder.appending(path: "out.\(ending)") }
            for ending in ["npy", "jsonl", "parquet", "safetensors"] {
                _ = try await job(records, url(ending)).run()
            }
            let expected = try numPyVectors(url("npy"))
            let ids = (0..<5).map { "item-\($0)" }

            let lines = try String(contentsOf: url("jsonl"), encoding: .utf8)
                .split(separator: "\n")
            let parsed = try lines.map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
            #expect(parsed.map(\.id) == ids)
            #expect(parsed.map(\.embedding) == expected)

            let file = try SafetensorsFile(mapping: url("safetensors"))
            #expect(file.entries["embeddings"]?.shape == [5, 32])
            let values = try file.bytes(of: "embeddings")
                .withMemoryRebound(to: Float.self) { Array($0) }
            #expect(rows(values, width: 32) == expected)
            let list = try JSONDecoder().decode(
                [String].self, from: Data(try #require(file.metadata["ids"]).utf8))
            #expect(list == ids)

            var table = try RowIterator(url("parquet"), columns: ["id", "embedding"])
            for (id, vector) in zip(ids, expected) {
                let row = try #require(try table.next())
                #expect(try row.identifier(["id"]) == id)
                guard case .list(let cells) = try row.cell("embedding") else {
                    Issue.record("embedding is no list")
                    continue
                }
                let numbers = cells.map { cell -> Float in
                    if case .number(let value) = cell { Float(value) } else { .nan }
                }
                #expect(numbers == vector)
            }
            #expect(try table.next() == nil)
        }
    }

    private struct Line: Decodable {
        var id: String
        var embedding: [Float]
    }

    @Test func numPyHeader() {
        let header = EmbeddingOutput.numPyHeader(rows: 3, width: 4)
        #expect(header.count == 128)
        #expect(header.prefix(10) == [0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0])
        let text = String(decoding: header.dropFirst(10), as: UTF8.self)
        #expect(text.hasPrefix("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"))
        #expect(text.hasSuffix(" \n"))
    }

    @Test func endings() throws {
        #expect(try EmbeddingOutput(of: URL(fileURLWithPath: "a.npy")) == .npy)
        #expect(throws: VectorError.self) {
            try EmbeddingOutput(of: URL(fileURLWithPath: "a.csv"))
        }
    }
}
