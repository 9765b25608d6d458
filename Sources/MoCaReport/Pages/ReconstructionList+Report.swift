// `reconstructions.json` as rows of a report.

package import Foundation
import MoCaCore
package import MoCaTraining

extension ReconstructionList {
    /// Reads the list of a folder.
    ///
    /// - Throws: `ReportError.unreadableInput`.
    package init(in folder: URL) throws {
        let file = folder.appending(path: Self.fileName)
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch is DecodingError {
            throw ReportError.unreadableInput(
                file: file.path, reason: "it is not what `moca reconstruct` writes")
        } catch {
            throw ReportError.unreadableInput(file: file.path, reason: error.localizedDescription)
        }
    }

    /// A description of the images and of the mean error over all of them.
    package var explanation: String {
        var text =
            "Each image token's patches were masked with probability \(maeRatio) "
            + "(seed \(seed)), and filled in by the patch decoder."
        let pairs = items.compactMap { item -> (error: Double, baseline: Double)? in
            guard let error = item.meanSquaredError, let baseline = item.baselineError else {
                return nil
            }
            return (error, baseline)
        }
        guard !pairs.isEmpty else { return text }
        let count = Double(pairs.count)
        let error = NumberText.decimal(pairs.reduce(0) { $0 + $1.error } / count, digits: 3)
        let baseline = NumberText.decimal(pairs.reduce(0) { $0 + $1.baseline } / count, digits: 3)
        text +=
            " Squared error of normalised pixels: \(error) in the mean over pictures; filling "
            + "in the mean of the visible patches: \(baseline)."
        return text
    }

    /// One row for each image.
    ///
    /// - Throws: `ReportError.unreadableInput`, `ReportError`.
    package func rows(in folder: URL) throws -> [Reconstruction] {
        func picture(_ name: String, _ description: String) throws -> ReportImage {
            let file = folder.appending(path: name)
            let data: Data
            do {
                data = try Data(contentsOf: file)
            } catch {
                throw ReportError.unreadableInput(
                    file: file.path, reason: error.localizedDescription)
            }
            return try ReportImage(data, description: description)
        }
        return try items.map { item in
            let name = URL(fileURLWithPath: item.path).lastPathComponent
            var caption = "\(item.maskedPatches) of \(item.patches) patches masked"
            if let error = item.meanSquaredError, let baseline = item.baselineError {
                caption +=
                    "; error \(NumberText.decimal(error)), mean of the visible "
                    + NumberText.decimal(baseline)
            }
            return Reconstruction(
                original: try picture(item.panels.original, name),
                masked: try picture(item.panels.masked, "\(name), masked"),
                reconstructed: try picture(
                    item.panels.reconstructed, "\(name), reconstructed"), caption: caption)
        }
    }
}
