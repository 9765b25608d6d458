// Decodes and examines one image.

import Foundation
import MoCaCore
package import MoCaImage
import MoCaSystem
import Synchronization

/// The result of examining one image.
struct ImageFacts: Sendable {
    /// A defect of an image that cannot be trained on.
    struct Problem: Sendable, Hashable {
        var kind: Finding.Kind
        var reason: String
    }

    /// The hash of the bytes; nil if they cannot be read.
    var content: ContentID?
    /// The hash of the pixels; nil if they cannot be decoded.
    var look: DifferenceHash?
    var width = 0
    var height = 0
    var problem: Problem?
    /// The orientation in the image's EXIF data if it is not upright; nil for TIFF, whose tag always
    /// applies.
    var rotation: Rotation?

    /// An orientation in EXIF data, and whether it is applied.
    struct Rotation: Sendable, Hashable {
        /// The value of the tag, 2 to 8.
        var tag: Int
        var isApplied: Bool
    }

    /// Whether a side is enlarged before preprocessing.
    var isTiny: Bool { problem == nil && min(width, height) < ImageExaminer.sideMin }

    /// Whether a usable image is worth a finding.
    var isNotable: Bool { problem == nil && (isTiny || rotation != nil) }
}

/// Examines images. Safe for concurrent use; large images are decoded one at a time to bound
/// memory.
package final class ImageExaminer: Sendable {
    /// Sides below this many pixels are enlarged.
    static let sideMin = 28
    private static let largePixelCount = 1 << 24

    private let images: ImagePreprocessor
    private let largeImages = Mutex(())

    /// Makes an examiner that accepts the shapes that `images` accepts.
    package init(_ images: ImagePreprocessor) {
        self.images = images
    }

    /// Reads, decodes and examines an image.
    func examine(_ source: ImageSource) -> ImageFacts {
        var facts = ImageFacts()
        do {
            let bytes = try images.decoder.encodedBytes(of: source)
            facts.content = ContentID(of: bytes)
            let encoded = ImageSource.encoded(bytes, name: source.name)
            let header = try images.decoder.header(of: encoded)
            (facts.width, facts.height) = (header.width, header.height)
            if header.orientation != .upright, header.format != .tiff {
                facts.rotation = .init(
                    tag: header.orientation.rawValue,
                    isApplied: images.decoder.applies(orientationOf: header))
            }
            facts.look = try look(of: encoded, pixels: header.width * header.height)
            _ = try images.plan(
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
    /// The problem for an error of an image.
    init(_ error: ImageError) {
        self =
            switch error {
            case .missing: .missingImage
            case .truncated: .truncatedImage
            case .tooManyPixels: .oversizedImage
            case .tooElongated, .tooThin, .overBudget, .tooSmall: .elongatedImage
            default: .brokenImage
            }
    }
}
