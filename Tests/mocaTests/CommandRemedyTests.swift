import Foundation
import MoCaCore
import MoCaDataCheck
import MoCaDataPreparation
import MoCaEmbedding
import MoCaHub
import MoCaModel
import MoCaProcessing
import MoCaSearch
import MoCaTraining
import MoCaVectors
import Testing
import Torch

@testable import moca

/// Fixes that name options, of errors whose library texts name settings.
@Suite struct CommandRemedyTests {
    @Test(
        arguments: [
            (ProcessingError.tooLong(tokens: 2, maxLength: 1), "raise --max-length, or choose"),
            (ProcessingError.beyondPositions(tokens: 2, positions: 1), "or set --max-length"),
            (
                VectorError.badRecord(
                    record: "r", ProcessingError.tooLong(tokens: 2, maxLength: 1)),
                "raise --max-length"
            ),
            (
                EmbeddingError.badNamedInput(
                    name: "n", ProcessingError.beyondPositions(tokens: 2, positions: 1)),
                "or set --max-length"
            ),
            (VectorError.notFinite(record: "r"), "use --dtype float32"),
            (VectorError.interrupted(output: "o", kept: 1), "run the same command with --resume"),
            (VectorError.vectorsInUse(folder: "f"), "name another --output"),
            (EmbeddingError.notFinite, "use --dtype float32"),
            (EmbeddingError.notDecomposable(pooling: "last"), "or --pooling mean"),
            (TorchError.outOfMemory("x"), "(--batch-tokens) or a smaller --max-pixels"),
            (SearchError.noIndex(folder: "f"), "`moca index --index DIR PATH...`"),
            (SearchError.outputExists(folder: "f"), "go on with --resume"),
            (SearchError.emptySubset(name: "n"), "leave it out of --data"),
            (PreparationError.inUse(folder: "f"), "give another --output"),
            (DataCheckError.errorsFound(records: 1, of: 2, files: 0), "--quarantine and"),
            (ModelError.biasNotTrained(adapter: "a", bias: "all"), "`moca model merge`"),
            (ModelError.isAdapter(folder: "a"), "give it with --adapter a, and as --model"),
            (HubError.isAdapter(name: "o/n"), "give it with --adapter o/n, and as --model"),
            (HubError.needsRequests(name: "o/n"), "no --offline"),
            (TrainingError.noPretrainingHeads(model: "m"), "`moca pretrain`"),
            (TrainingError.otherStage(file: "f", stage: .pretrain), "run it with `moca pretrain`"),
            (ReplayError.unknownObjective(file: "f"), "`moca help replay`"),
        ] as [(any UserFacingError, String)])
    func optionsAreNamed(_ error: any UserFacingError, _ part: String) {
        let line = error.commandLine
        #expect(line.hasPrefix("\(error.errorDescription ?? ""); "))
        #expect(line.contains(part), "\(line)")
        let own = error.recoverySuggestion ?? ""
        #expect(!own.contains("--") && !own.contains("moca "), "\(own)")
    }

    /// An error that names no settings is shown as it is.
    @Test func othersKeepTheirFix() {
        let error = SearchError.pathMissing(path: "p")
        #expect(error.commandLine == error.oneLine)
    }
}
