// The image settings of a model's folder: the image processor's file, and the embedding contract.

package import Foundation
package import MoCaCore
package import MoCaImage
import MoCaModel

extension ImageProcessorConfiguration {
    /// Reads the settings of the model in `folder`; limits and orientation replace the model's own.
    ///
    /// - Throws: `ImageError`, `ModelError`.
    package init(
        model folder: URL, minPixels: Int? = nil, maxPixels: Int? = nil,
        orientation: OrientationPolicy? = nil
    ) throws {
        try self.init(folder: folder, minPixels: minPixels, maxPixels: maxPixels)
        self.orientation =
            try orientation ?? EmbeddingContract(of: folder)?.orientation ?? .ignore
    }
}
