// Golden tensors of adapters and optimisers.

import Foundation
import MoCaTestSupport
import Safetensors
import Torch

/// A file of Tests/Fixtures/adapters.
struct GoldenFile {
    private let file: SafetensorsFile

    init(_ name: String) throws {
        file = try SafetensorsFile(
            mapping: Repository.fixtures.appending(path: "adapters/\(name)"))
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let tensor = try Tensor(name, in: file) else {
            throw SafetensorsError.unknownTensor(file: file.url.path, tensor: name)
        }
        return tensor.clone()
    }
}

/// The largest absolute difference; infinite where shapes differ.
func largestDifference(_ x: Tensor?, _ y: Tensor) -> Float {
    guard let x, x.shape == y.shape else { return .infinity }
    return largestDifference(x.array(Float.self), y.array(Float.self))
}
