// The number of inputs that are embedded together.

package import MoCaCore

/// Determines when enough inputs are collected to be embedded together.
package struct WindowMeter: Sendable {
    /// The approximate number of tokens that are embedded together before their vectors are saved:
    /// minutes for a large model on a slow machine.
    package static let tokenCountMax = 16_384

    private let tokenCountMax: Int
    private var tokens = 0

    /// Creates a meter of an empty window.
    package init(tokenCountMax: Int = tokenCountMax) {
        self.tokenCountMax = tokenCountMax
    }

    /// Adds an input.
    package mutating func add(_ content: Content) { tokens += content.tokenEstimate }

    /// Whether the inputs should be embedded now.
    package var isFull: Bool { tokens >= tokenCountMax }
}

extension Content {
    /// A rough estimate, which only determines how often vectors are saved.
    private static let tokensPerImage = 256
    private static let bytesPerToken = 4

    /// The approximate number of tokens.
    fileprivate var tokenEstimate: Int {
        segments.reduce(1) { count, segment in
            switch segment {
            case .text(let text): count + text.utf8.count / Self.bytesPerToken
            case .image: count + Self.tokensPerImage
            }
        }
    }
}
