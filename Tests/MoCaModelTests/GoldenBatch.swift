// Golden batches as the model takes them.

import Foundation
import MoCaCore
import MoCaTestSupport
import Safetensors
import Torch

@testable import MoCaModel

/// One `states_*.safetensors`.
struct GoldenBatch {
    let file: SafetensorsFile

    init(_ name: String) throws {
        file = try SafetensorsFile(mapping: ModelFixtures.folder.appending(path: name))
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let tensor = try Tensor(name, in: file) else {
            throw ReadingError.missing(name)
        }
        return tensor
    }

    enum ReadingError: Error { case missing(String) }

    var stateNames: [String] {
        file.names.filter { $0.hasPrefix("vision.") || $0.hasPrefix("text.") }
    }

    /// The sequences of the batch, packed for `configuration`.
    func input(_ configuration: any BackboneConfiguration) throws -> EncoderInput {
        try EncoderInput(
            sequences(configuration),
            pixelValues: file.entries["pixel_values"] == nil ? nil : tensor("pixel_values"),
            for: configuration)
    }

    func sequences(_ configuration: any BackboneConfiguration) throws -> [EncoderInput.Sequence] {
        let ids: [Int32] = try tensor("input_ids").array()
        let starts: [Int] = try tensor("sequence_starts").array()
        var grids: [ImageGrid] = []
        if file.entries["image_grid_thw"] != nil {
            let table: [Int] = try tensor("image_grid_thw").array()
            grids = stride(from: 0, to: table.count, by: 3).map {
                ImageGrid(t: table[$0], h: table[$0 + 1], w: table[$0 + 2])
            }
        }
        return zip(starts, starts.dropFirst()).map { start, end in
            let part = Array(ids[start..<end])
            let images = configuration.inputRules.imageCount(in: part)
            defer { grids.removeFirst(images) }
            return .init(ids: part, grids: Array(grids.prefix(images)))
        }
    }
}

/// The largest absolute difference of two tensors of one shape; infinite when the shapes differ or a
/// value is not a number.
func largestDifference(_ x: Tensor, _ y: Tensor) -> Float {
    guard x.shape == y.shape else { return .infinity }
    return largestDifference(x.array(Float.self), y.array(Float.self))
}
