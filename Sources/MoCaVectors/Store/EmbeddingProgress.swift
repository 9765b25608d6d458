// What is told while many inputs are embedded, and how many of them are embedded together.

package import MoCaCore

/// What there is to do, and how far it is.
package enum EmbeddingProgress: Sendable, Hashable {
    /// This many inputs have to be embedded, or found among those that are kept.
    case found(Int)
    /// This many more of them are done.
    case done(Int)
}

/// Says when enough inputs wait to be embedded together.
package struct WindowMeter: Sendable {
    /// Inputs of about this many tokens are embedded together, which are minutes of a big model on a
    /// slow machine; then their vectors are kept.
    package static let tokenCountMax = 16_384

    private let tokenCountMax: Int
    private var tokens = 0

    /// A meter of an empty window.
    package init(tokenCountMax: Int = tokenCountMax) {
        self.tokenCountMax = tokenCountMax
    }

    /// Counts one more input.
    package mutating func add(_ content: Content) { tokens += content.tokenEstimate }

    /// Whether what was counted should be embedded now.
    package var isFull: Bool { tokens >= tokenCountMax }
}

extension Content {
    /// A guess, which decides no more than how often vectors are kept.
    private static let tokensPerImage = 256
    private static let bytesPerToken = 4

    /// Tokens, about.
    fileprivate var tokenEstimate: Int {
        segments.reduce(1) { count, segment in
            switch segment {
            case .text(let text): count + text.utf8.count / Self.bytesPerToken
            case .image: count + Self.tokensPerImage
            }
        }
    }
}
