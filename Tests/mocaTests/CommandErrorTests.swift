import MoCaCore
import Testing

@testable import moca

@Suite struct CommandErrorTests {
    static let table: [(CommandError, Int32, String)] = [
        (
            .noDefaultModel, 66,
            "model is missing (--model): there is no default model beside the program; "
                + "name a folder with --model, or set MOCA_MODEL"
        ),
        (
            .deviceUnavailable("cuda:1"), 69,
            "device is not available (cuda:1): this machine or this build of libtorch lacks it; "
                + "use --device cpu, or install a libtorch for the device"
        ),
        (
            .inputMissing(option: "--batch", path: "b"), 66,
            "input is missing (--batch b): there is no such file or folder; check the path"
        ),
        (
            .modelMissing(option: "--model", path: "m", similar: []), 66,
            "input is missing (--model m): there is no such folder; check the path, or name a model "
                + "of the Hub as ORG/NAME"
        ),
        (
            .modelMissing(option: "--model", path: "m", similar: ["n", "o"]), 66,
            "input is missing (--model m): there is no such folder, but n, o; check the path, or "
                + "name a model of the Hub as ORG/NAME"
        ),
        (
            .outputExists(path: "m"), 73,
            "output cannot be written (m): there is a model already; "
                + "name another folder, or remove it"
        ),
        (
            .cannotWrite(path: "r.json", reason: "Permission denied"), 73,
            "output cannot be written (r.json): Permission denied; "
                + "check the path, its permissions and the free space"
        ),
        (
            .noProbes(file: "moca.json"), 78,
            "model cannot be verified (moca.json): the contract has no probes; "
                + "write them with `moca model verify --write` on a build that you trust"
        ),
        (
            .probesDiffer(file: "moca.json", count: 1, total: 4), 65,
            "model is not what its author's build computes (moca.json): 1 of 4 probes differ; "
                + "compare versions, weights and --dtype with those of the author"
        ),
        (
            .nothingPublished(folder: "m", known: ["a/b", "c/d"]), 78,
            "model cannot be verified (m): no published similarities are known for its embedder and "
                + "size, only for a/b, c/d; verify probes of its contract, without --published"
        ),
        (
            .publishedDiffer(folder: "m", count: 1, total: 5), 65,
            "model is not what its authors published (m): 1 of 5 similarities differ; "
                + "compare versions, weights and --dtype with those of the author"
        ),
        (
            .nothingComputed(folder: "m", missing: ["image a.jpg", "image b.jpg"]), 69,
            "model cannot be verified (m): every published similarity needs an input that is not "
                + "part of this program: image a.jpg, image b.jpg; verify probes of its contract, "
                + "without --published"
        ),
        (
            .nothingToMeasure(path: "a.jsonl"), 65,
            "nothing can be measured (a.jsonl): there are no records; give at least one record"
        ),
        (
            .unexpected(type: "E", reason: "x"), 70,
            "internal failure (E): x; run again with --verbose, and report what it says"
        ),
    ]

    @Test(arguments: table.indices)
    func text(index: Int) {
        let (error, status, text) = Self.table[index]
        #expect(error.oneLine == text)
        #expect(error.kind.rawValue == status)
    }
}
