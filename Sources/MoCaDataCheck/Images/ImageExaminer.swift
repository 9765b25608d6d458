// One image, decoded and judged.

import Foundation
import MoCaCore
package import MoCaImage
import MoCaSystem
import Synchronization

/// What the examination of one image found.
struct ImageFacts: Sendable {
    /// What is wrong with an image that cannot be trained on.
    struct Problem: Sendable, Hashable {
        var kind: Finding.Kind
        var reason: String
    }

    /// nil where the bytes cannot be read.
    var content: ContentID?
    /// nil where the pixels cannot be decoded.
    var look: DifferenceHash?
    var width = 0
    var height = 0
    var problem: Problem?

    /// Whether a side is enlarged before anything else.
    var isTiny: Bool { problem == nil && min(width, height) < ImageExaminer.sideMin }
}

/// Examines images. Many threads may use one at once; large images are decoded one at a time, so
/// that memory stays bounded.
package final class ImageExaminer: Sendable {
    /// Sides below this are enlarged.
    static let sideMin = 28
    private static let largePixelCount = 1 << 24

    private let images: ImagePreprocessor
    private let largeImages = Mutex(())

    /// Judges shapes as `images` does.
    package init(_ images: ImagePreprocessor) {
        self.images = images
    }

    /// Reads, decodes and judges an image.
    func examine(_ source: ImageSource) -> ImageFacts {
        var facts = ImageFacts()
        do {
            let bytes = try images.decoder.encodedBytes(of: source)
            facts.content = ContentID(of: bytes)
            let encoded = ImageSource.encoded(bytes, name: source.name)
            let header = try images.decoder.header(of: encoded)
            (facts.width, facts.height) = (header.width, header.height)
            facts.look = try look(of: encoded, pixels: header.width * header.height)
            _ = try images.grid(
                width: header.width, height: header.height, name: source.name)
        } catch let error as ImageError {
            facts.problem = .init(
                kind: Finding.Kind(error), reason: error.errorDescription ?? "\(error)")
        } catch {
            facts.problem = .init(kind: .brokenImage, reason: error.localizedDescription)
        }
        return facts
    }

    private func look(of source: ImageSource, pixels: Int) throws -> DifferenceHash {
        let decoder = images.decoder
        guard pixels > Self.largePixelCount else {
            return DifferenceHash(try decoder.image(of: source))
        }
        return try largeImages.withLock { _ in DifferenceHash(try decoder.image(of: source)) }
    }
}

extension Finding.Kind {
    /// What an error of an image is as a finding.
    init(_ error: ImageError) {
        self =
            switch error {
            case .missing: .missingImage
            case .truncated: .truncatedImage
            case .tooManyPixels: .oversizedImage
            case .tooElongated, .overBudget, .tooSmall: .elongatedImage
            default: .brokenImage
            }
    }
}
