// How an embedder makes an image fit its vision tower: a rule of the embedder, not of the backbone.

package import MoCaCore

/// The steps from a decoded image to its size in whole image tokens.
///
///     let recipe = ImageRecipe(shortSides: .kept, elongated: .kept, minimumSide: .whenReduced)
package struct ImageRecipe: Sendable, Hashable {
    /// What happens first to an image with a side shorter than 28 pixels, in the file's own mode.
    package enum ShortSides: Sendable, Hashable {
        /// Each short side is enlarged to 28 pixels (MoCa), or to an image token if that is longer.
        case enlarged
        /// The image becomes a square of 56 pixels (VLM2Vec).
        case squared
        /// Nothing.
        case kept
    }

    /// What happens to an image with one side over 200 times the other.
    package enum Elongated: Sendable, Hashable {
        /// It is refused.
        case refused
        /// It takes the size of a square of its longer side.
        case squared
        /// Its size follows the same rule as that of any other image.
        case kept
    }

    /// When a side is at least one image token.
    package enum MinimumSide: Sendable, Hashable {
        /// Never by this rule: an image that would lose a side is refused.
        case refused
        /// When the image is reduced to the pixel limit.
        case whenReduced
        /// Always, which also decides whether the image is within the limits.
        case always
    }

    package var alpha: AlphaRule
    package var shortSides: ShortSides
    package var elongated: Elongated
    package var minimumSide: MinimumSide
    /// The limits of an earlier resize, in image tokens; nil for a single resize. Afterwards the
    /// longer side is cut to 200 times the shorter one.
    package var firstLimits: ClosedRange<Int>?

    package init(
        alpha: AlphaRule = .drop, shortSides: ShortSides, elongated: Elongated,
        minimumSide: MinimumSide, firstLimits: ClosedRange<Int>? = nil
    ) {
        self.alpha = alpha
        self.shortSides = shortSides
        self.elongated = elongated
        self.minimumSide = minimumSide
        self.firstLimits = firstLimits
    }

    /// The rules of MoCa, with which its images were prepared.
    package static let moca = ImageRecipe(
        shortSides: .enlarged, elongated: .refused, minimumSide: .refused)
}

/// The size of an image in pixels.
package struct PixelSize: Sendable, Hashable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
    }
}

/// The sizes that one image takes on its way to patches.
struct ImageSizes: Sendable, Hashable {
    /// The size after the enlargement of short sides, in the file's own mode.
    var enlarged: PixelSize
    /// The size after the first of two resizes; nil for a single resize.
    var between: PixelSize?
    /// The size in whole image tokens.
    var target: PixelSize
}

extension ImageRecipe {
    /// The sizes of an image of `size`.
    ///
    /// - Parameters:
    ///   - side: the side of an image token, in pixels.
    ///   - name: the image's name in errors.
    /// - Throws: `ImageError` for a shape that the recipe refuses.
    func sizes(
        of size: PixelSize, side: Int, budget: PixelBudget, name: String
    ) throws(ImageError) -> ImageSizes {
        let enlarged = enlarged(size, tokenSide: side)
        var (between, last) = (PixelSize?.none, enlarged)
        if let firstLimits {
            let limits = PixelBudget(
                minPixels: firstLimits.lowerBound * side * side,
                maxPixels: firstLimits.upperBound * side * side)
            let first = fittedSize(enlarged, factor: side, budget: limits, minimumSide: .always)
            let ratio = Int(SmallSides.aspectRatioMax)
            last = PixelSize(
                width: min(first.width, ratio * first.height),
                height: min(first.height, ratio * first.width))
            between = last
        }
        let target = try target(of: last, side: side, budget: budget, name: name)
        return ImageSizes(enlarged: enlarged, between: between, target: target)
    }

    private func enlarged(_ size: PixelSize, tokenSide: Int) -> PixelSize {
        let least = SmallSides.minimum
        switch shortSides {
        case .enlarged:
            let least = SmallSides.enlargedSide(tokenSide: tokenSide)
            return PixelSize(width: max(size.width, least), height: max(size.height, least))
        case .squared where min(size.width, size.height) < least:
            return PixelSize(width: 2 * least, height: 2 * least)
        case .squared, .kept: return size
        }
    }

    /// The size in whole image tokens of an image without further steps before it.
    func target(
        of size: PixelSize, side: Int, budget: PixelBudget, name: String
    ) throws(ImageError) -> PixelSize {
        let (w, h) = (size.width, size.height)
        var size = size
        if minimumSide == .refused, min(w, h) < side {
            throw .tooSmall(name: name, width: w, height: h, side: side)
        }
        if Double(max(w, h)) / Double(min(w, h)) > SmallSides.aspectRatioMax {
            switch elongated {
            case .refused: throw .tooElongated(name: name, width: w, height: h)
            case .squared: size = PixelSize(width: max(w, h), height: max(w, h))
            case .kept: break
            }
        }
        let fitted = fittedSize(size, factor: side, budget: budget, minimumSide: minimumSide)
        guard min(fitted.width, fitted.height) > 0 else {
            throw .overBudget(name: name, width: w, height: h, maxPixels: budget.maxPixels)
        }
        return fitted
    }
}
