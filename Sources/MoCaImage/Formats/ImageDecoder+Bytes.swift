// The encoded bytes of an image, for who needs both them and the pixels.

package import Foundation
package import MoCaCore

extension ImageDecoder {
    /// The encoded bytes of `source`, read whole. Throws `ImageError`, also for bytes of no known
    /// format.
    package func encodedBytes(of source: ImageSource) throws -> Data {
        try EncodedImage(source).data
    }
}
