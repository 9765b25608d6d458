import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaModel

/// The names of an adapter's base and of a model.
struct AdapterBaseTests {
    static let commit = String(repeating: "a", count: 40)
    static func snapshot(_ name: String) -> String {
        "/cache/models--\(name)/snapshots/\(commit)"
    }

    private func warning(_ base: String?, _ model: String) throws -> String? {
        try withTemporaryFolder { folder in
            let name = base.map { ", \"base_model_name_or_path\": \"\($0)\"" } ?? ""
            try Data("{\"peft_type\": \"LORA\", \"target_modules\": [\"q_proj\"]\(name)}".utf8)
                .write(to: folder.appending(path: AdapterFiles.configurationName))
            return try AdapterFiles(reading: folder)
                .warning(ofOtherBaseThan: URL(fileURLWithPath: model))
        }
    }

    @Test(
        arguments: [
            (nil, "/models/b"), ("", "/models/b"), ("/old/base", "/new/base"),
            ("base", "/new/base/"),
            ("org/base", "/models/base"), ("Org/Base", snapshot("org--base")),
            (snapshot("org--base"), snapshot("org--base")), ("/models/base", snapshot("org--base")),
        ] as [(String?, String)])
    func sameNames(_ base: String?, _ model: String) throws {
        #expect(try warning(base, model) == nil)
    }

    @Test func otherNames() throws {
        let text = try #require(try warning("org/base", Self.snapshot("org--other")))
        #expect(text.hasPrefix("adapter may be for another model (/"))
        #expect(text.hasSuffix("): it was trained on org/base, and the model is org/other"))
        for (base, model) in [("org/base", "/models/other"), ("/a/base", Self.snapshot("org--x"))] {
            let unclear = try #require(try warning(base, model))
            #expect(unclear.contains("it was trained on \(base), and the model is "))
            #expect(unclear.hasSuffix("; whether they are the same cannot be seen from the names"))
        }
    }
}
