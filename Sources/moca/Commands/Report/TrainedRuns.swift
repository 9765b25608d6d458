// Run folders for `moca report`: their logs with the recipe and the data that they were made of.

import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaReport
import MoCaTables
import MoCaTraining

/// Reads run folders, and shows records of their data.
final class TrainedRuns {
    /// Every run, with its recipe where that can be read.
    private(set) var folders: [RunFolder] = []
    private var recipes: [URL: Recipe] = [:]
    /// nil where the data is gone.
    private var catalogs: [URL: Catalog<ContrastiveSample>?] = [:]
    private let pictures: ReportPictures

    /// - Throws: `ReportError`.
    init(_ paths: [String], pictures: ReportPictures) throws {
        self.pictures = pictures
        for path in paths {
            let url = URL(fileURLWithPath: path, isDirectory: true)
            var folder = try RunFolder(url)
            if let recipe = Self.recipe(of: folder) {
                recipes[url] = recipe
                folder.settings = recipe.keysAndValues.map { .init($0.key, $0.value) }
            }
            folders.append(folder)
        }
    }

    /// The resolved recipe; nil, with a warning, where it cannot be read.
    private static func recipe(of run: RunFolder) -> Recipe? {
        let file = run.folder.appending(path: Recipe.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        switch Result(catching: { try Recipe(ofAnyStage: file) }) {
        case .success(let recipe): return recipe
        case .failure(let error):
            Message.write("warning: no recipe on the page: \(describe(error))")
            return nil
        }
    }

    private static func describe(_ error: any Error) -> String {
        (error as? any UserFacingError)?.oneLine ?? error.localizedDescription
    }

    // MARK: Records

    /// A query or one of its documents; nil where the data is not there any more.
    ///
    /// - Throws: `ReportError`.
    func content(
        _ run: RunFolder, _ side: RunSections.RecordSide
    ) throws -> ReportContent? {
        guard let catalog = catalog(of: run), let id = SampleID(side.record),
            catalog.file(of: id) != nil
        else { return nil }
        let sample: ContrastiveSample
        switch Result(catching: { try catalog.sample(id) }) {
        case .success(let found): sample = found
        case .failure(let error):
            Message.write("warning: a record is not on the page: \(Self.describe(error))")
            return nil
        }
        switch side.document {
        case nil: return try pictures.content(sample.query)
        case 0: return try pictures.content(sample.positive)
        case let number?:
            guard sample.negatives.indices.contains(number - 1) else { return nil }
            return try pictures.content(sample.negatives[number - 1])
        }
    }

    private func catalog(of run: RunFolder) -> Catalog<ContrastiveSample>? {
        if let known = catalogs[run.folder] { return known }
        var found: Catalog<ContrastiveSample>?
        if let recipe = recipes[run.folder] {
            let opened = Result {
                try Catalog<ContrastiveSample>(
                    folders: recipe.data.subsetFolders(),
                    images: ImageStore(root: recipe.data.images))
            }
            switch opened {
            case .success(let catalog): found = catalog
            case .failure(let error):
                Message.write(
                    "warning: hardest negatives are not on the page: \(Self.describe(error))")
            }
        }
        catalogs[run.folder] = .some(found)
        return found
    }
}

extension SampleID {
    /// Reads `WordNet_def2word#17`.
    init?(_ text: String) {
        guard let mark = text.lastIndex(of: "#"), let row = Int(text[text.index(after: mark)...])
        else { return nil }
        self.init(subset: String(text[..<mark]), row: row)
    }
}
