import Testing

@testable import MoCaHub

struct HubReferenceTests {
    @Test(arguments: [
        ("org/name", "org/name", "main"), ("Qwen/Qwen2.5-VL-3B@v1.0", "Qwen/Qwen2.5-VL-3B", "v1.0"),
        ("o/n@refs/pr/1", "o/n", "refs/pr/1"), ("o_1/n.x@main", "o_1/n.x", "main"),
    ])
    func names(text: String, name: String, revision: String) throws {
        let reference = try #require(HubReference(model: text))
        #expect(reference.name == name && reference.revision == revision)
        #expect(reference.kind == .model)
    }

    @Test(arguments: [
        "", "name", "/o/n", "./o/n", "o/n/m", "../n", "o/..", "o/n@", "o/n@../x", "o/n@a/../b",
        "-o/n", "o/n-", "o--p/n", "o/n@/x", "o/n@a b", "~/n", "o/", "o/n@x/",
    ])
    func otherTexts(text: String) {
        #expect(HubReference(model: text) == nil)
    }

    @Test func text() throws {
        #expect(HubReference(model: "o/n@main")?.text == "o/n")
        #expect(HubReference(model: "o/n@v1")?.text == "o/n@v1")
    }
}
