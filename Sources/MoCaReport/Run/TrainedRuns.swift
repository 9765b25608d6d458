// Run folders with their recipes and training data.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables
import MoCaTraining

/// Reads run folders, and shows records of their training data.
package final class TrainedRuns {
    /// The runs, with their recipes where readable.
    package private(set) var folders: [RunFolder] = []
    private var recipes: [URL: Recipe] = [:]
    /// The training data by run folder; nil if it no longer exists.
    private var catalogs: [URL: Catalog<ContrastiveSample>?] = [:]
    private let pictures: ReportPictures
    private let warn: (String) -> Void

    /// Reads the run folders at `paths`.
    ///
    /// - Parameters:
    ///   - pictures: makes the thumbnails of records' images.
    ///   - warn: receives a message about each recipe, data set or record that cannot be shown.
    /// - Throws: `RunLogError`.
    package init(
        _ paths: [String], pictures: ReportPictures, warn: @escaping (String) -> Void
    ) throws {
        self.pictures = pictures
        self.warn = warn
        for path in paths {
            let url = URL(fileURLWithPath: path, isDirectory: true)
            let recipe = readRecipe(in: url)
            var folder = try RunFolder(url, stage: recipe?.stage)
            folder.settings = recipe?.keysAndValues.map { .init($0.key, $0.value) } ?? []
            recipes[url] = recipe
            folders.append(folder)
        }
    }

    /// The resolved recipe; nil, with a warning, if it cannot be read.
    private func readRecipe(in folder: URL) -> Recipe? {
        let file = folder.appending(path: Recipe.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        switch Result(catching: { try Recipe(ofAnyStage: file) }) {
        case .success(let recipe): return recipe
        case .failure(let error):
            warn("no recipe on the page: \(Self.describe(error))")
            return nil
        }
    }

    private static func describe(_ error: any Error) -> String {
        (error as? any UserFacingError)?.oneLine ?? error.localizedDescription
    }

    // MARK: Records

    /// Returns a query or one of its documents; nil if the data no longer exists.
    ///
    /// - Throws: `ReportError`.
    package func content(
        _ run: RunFolder, _ side: RunSections.RecordSide
    ) throws -> ReportContent? {
        guard let catalog = catalog(of: run), let id = SampleID(side.record),
            catalog.file(of: id) != nil
        else { return nil }
        let sample: ContrastiveSample
        switch Result(catching: { try catalog.sample(id) }) {
        case .success(let found): sample = found
        case .failure(let error):
            warn("a record is not on the page: \(Self.describe(error))")
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
                warn("hardest negatives are not on the page: \(Self.describe(error))")
            }
        }
        catalogs[run.folder] = .some(found)
        return found
    }
}

extension SampleID {
    /// Parses a record id such as `WordNet_def2word#17`.
    init?(_ text: String) {
        guard let mark = text.lastIndex(of: "#"), let row = Int(text[text.index(after: mark)...])
        else { return nil }
        self.init(subset: String(text[..<mark]), row: row)
    }
}
