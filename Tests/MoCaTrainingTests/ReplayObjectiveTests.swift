import Foundation
import MoCaCore
import MoCaTestSupport
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

/// The objective of a replay: the one that the files name, and errors where files and request
/// contradict each other.
@Suite struct ReplayObjectiveTests {
    /// Writes a file with one tensor, and returns its request.
    private func file(
        _ name: String, tensor: String, metadata: [String: String] = [:], in folder: URL
    ) throws -> URL {
        let url = folder.appending(path: name)
        try SafetensorsWriter.write(
            [(tensor: SafetensorsDeclaration(tensor, .int64, [1]), bytes: Data(count: 8))],
            to: url, metadata: metadata)
        return url
    }

    private func stage(_ batches: [URL], requested: Recipe.Stage? = nil) throws -> Recipe.Stage {
        try ReplayRun(
            ReplayRequest(
                model: batches[0], stage: requested, batches: batches, device: .cpu)
        ).stage
    }

    @Test func metadataNameTheObjective() throws {
        try withTemporaryFolder { folder in
            let file = try file(
                "a.safetensors", tensor: "labels", metadata: ["objective": "contrastive"],
                in: folder)
            #expect(try stage([file]) == .finetune)
        }
    }

    @Test(arguments: [
        ("labels", Recipe.Stage.pretrain), ("query.input_ids", .finetune),
    ])
    func tensorsTellWithoutMetadata(tensor: String, expected: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let file = try file("a.safetensors", tensor: tensor, in: folder)
            #expect(try stage([file]) == expected)
            #expect(try stage([file], requested: expected) == expected)
            let other: Recipe.Stage = expected == .finetune ? .pretrain : .finetune
            let error = ReplayError.otherObjective(
                file: file.path, objective: expected.objectiveName, expected: other.objectiveName)
            #expect(throws: error) { try stage([file], requested: other) }
        }
    }

    @Test func theRequestDecidesWhereTheFileDoesNot() throws {
        try withTemporaryFolder { folder in
            let file = try file("a.safetensors", tensor: "x", in: folder)
            #expect(try stage([file], requested: .pretrain) == .pretrain)
            #expect(throws: ReplayError.unknownObjective(file: file.path)) { try stage([file]) }
        }
    }

    @Test func filesOfTwoObjectivesAreRefused() throws {
        try withTemporaryFolder { folder in
            let first = try file("a.safetensors", tensor: "labels", in: folder)
            let second = try file("b.safetensors", tensor: "query.input_ids", in: folder)
            let error = ReplayError.otherObjective(
                file: second.path, objective: "contrastive", expected: "pretrain")
            #expect(throws: error) { try stage([first, second]) }
        }
    }

    static let errors: [(ReplayError, Int32, String)] = [
        (.noBatch(path: "b"), 66, "batch is missing (b): there is no such file; check the path"),
        (
            .missingTensor(file: "b", name: "labels"), 65,
            "batch lacks a tensor (b): labels is missing; write the batch with the names and shapes "
                + "of a saved step"
        ),
        (
            .badTensor(file: "b", name: "labels", reason: "has no rows"), 65,
            "tensor of a batch cannot be used (b): labels has no rows; write the batch with the names "
                + "and shapes of a saved step"
        ),
        (
            .unknownObjective(file: "b"), 65,
            "objective of a batch is unknown (b): neither its metadata nor its tensors name one; "
                + "write the batch with the names and shapes of a saved step"
        ),
        (
            .otherObjective(file: "b", objective: "pretrain", expected: "contrastive"), 78,
            "batch is of another objective (b): it is of pretrain, not contrastive; set no objective, "
                + "or give the batches of one step"
        ),
        (
            .badDimensions(9, vectorLength: 8), 78,
            "dimensions is out of range (9): the model allows 1 to 8; set it within the range"
        ),
    ]

    @Test(arguments: errors.indices)
    func textOfAnError(index: Int) {
        let (error, status, text) = Self.errors[index]
        #expect(error.oneLine == text)
        #expect(error.kind.rawValue == status)
    }
}
