import MoCaCore
import Testing
@testable import MoCaSearch

/// Every case, exact text.
struct MiningErrorTests {
    @Test(
        arguments: [
            (
                MiningError.badSetting(name: "N", value: "0", allowed: "A"), .badConfiguration,
                "setting cannot be used (N): it is 0, allowed is A; set it within the range"
            ),
            (
                .outputExists(folder: "F"), .cannotCreateOutput,
                "output cannot be written (F): the folder is there already; go on with --resume, "
                    + "name another --output, or remove it"
            ),
            (
                .otherSettings(folder: "F", names: ["model", "source"]), .badConfiguration,
                "mining cannot be continued (F): it has another model, source; name another "
                    + "--output, or remove the folder"
            ),
            (
                .damagedReport(file: "F"), .badData,
                "mining cannot be continued (F): it is not what `moca data mine` writes; name "
                    + "another --output, or remove the folder"
            ),
            (
                .emptySubset(name: "N"), .badData,
                "nothing to mine (N): the subset has no records; leave it out of --data"
            ),
            (
                .shardedSubset(name: "N"), .badData,
                "cannot mine (N): its records are WebDataset shards, and what is written could not "
                    + "name the images in them; unpack the shards, and write the records as JSON "
                    + "lines with the paths of the images"
            ),
            (
                .recordsLeftOut(count: 2, total: 9, output: "O"), .badData,
                "records were left out (O): 2 of 9 could not be embedded; correct those that "
                    + "`failed` of mining.json names"
            ),
            (
                .cannotWrite(path: "P", reason: "R"), .cannotCreateOutput,
                "output cannot be written (P): R; check the path, its permissions and the free "
                    + "space"
            ),
            (
                .interrupted(output: "O", kept: 3), .interrupted,
                "mining was interrupted (O): 3 vectors are kept; run the same command with "
                    + "--resume"
            ),
        ] as [(MiningError, FailureKind, String)])
    func texts(_ error: MiningError, _ kind: FailureKind, _ text: String) {
        #expect(error.oneLine == text)
        #expect(error.kind == kind)
    }
}
