import Foundation
import MoCaTestSupport
import Testing

/// The documents show programs that are built and files that exist.
@Suite struct DocumentTests {
    private func text(_ path: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
    }

    @Test(arguments: ["README.md", "docs/library.md"])
    func theSnippetIsThatOfTheExample(document: String) throws {
        let program = try text("examples/library/Sources/app/main.swift")
        #expect(try text(document).contains("```swift\n\(program)```"))
    }

    @Test func theManifestIsThatOfTheExample() throws {
        let manifest = try text("examples/library/Package.swift")
        #expect(try text("docs/library.md").contains("```swift\n\(manifest)```"))
    }

    @Test func linksLeadToFiles() throws {
        let folder = Repository.root.appending(path: "docs")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }
        for page in ["README.md"] + pages {
            let base = Repository.root.appending(path: page).deletingLastPathComponent()
            for match in try text(page).matches(of: /\]\(([^):#]+)\)/) {
                let file = base.appending(path: String(match.1))
                #expect(
                    FileManager.default.fileExists(atPath: file.path), "\(page): \(match.1)")
            }
        }
    }

    @Test func theReadmeIsShort() throws {
        #expect(
            try text("README.md").split(separator: "\n", omittingEmptySubsequences: false).count
                <= 151)
    }
}
