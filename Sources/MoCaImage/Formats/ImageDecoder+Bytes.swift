// The encoded bytes of an image, for callers that need both them and the pixels.

package import Foundation
package import MoCaCore

extension ImageDecoder {
    /// All encoded bytes of `source`. Throws `ImageError`, also if they match no supported format.
    package func encodedBytes(of source: ImageSource) throws -> Data {
        try EncodedImage(source).data
    }
}
