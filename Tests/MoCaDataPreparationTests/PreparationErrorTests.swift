import MoCaHub
import Foundation
import MoCaCore
import Testing

@testable import MoCaDataPreparation

/// Every case, exact text.
struct PreparationErrorTests {
    @Test(
        arguments: [
            (
                .unreadableManifest(file: "F", reason: "R"), .inputMissing,
                "manifest cannot be read (F): R; give a YAML file"
            ),
            (
                .badManifest(
                    file: "F",
                    problems: [SettingsProblem("a", "is x"), SettingsProblem("b.c", "is y")]),
                .badConfiguration,
                "manifest cannot be used (F): a is x; b.c is y; correct the keys that are named"
            ),
            (
                .noOutput(file: "F"), .badConfiguration,
                "output is missing (F): neither the manifest nor the command names one; name "
                    + "one, or give the key output"
            ),
            (
                .nothingMatches(source: "S", pattern: "*.x"), .inputMissing,
                "files are missing (S): none fits *.x; correct the pattern, or the revision"
            ),
            (
                .missingPart(archive: "A", part: "A.part-01"), .badData,
                "archive is not whole (A): part A.part-01 is missing; add it, or name it in the "
                    + "manifest's patterns"
            ),
            (
                .programMissing(name: "hf", places: "PATH, D/bin"), .unavailable,
                "program is missing (hf): it is not in PATH, D/bin; run: python3 -m pip install "
                    + "--target .deps huggingface_hub"
            ),
            (
                .programMissing(name: "curl", places: "PATH"), .unavailable,
                "program is missing (curl): it is not in PATH; install it, and put it in PATH"
            ),
            (
                .gated(repository: "o/n", reason: "R"), .unavailable,
                "repository is gated (o/n): R; accept the terms on the page of o/n, and set "
                    + "HF_TOKEN to a token of yours"
            ),
            (
                .notFound(what: "W"), .inputMissing,
                "nothing is there (W): the server does not know it; check name, type and "
                    + "revision; a private one needs HF_TOKEN"
            ),
            (
                .folderMissing(source: "S", path: "P"), .inputMissing,
                "folder is missing (P): source S of the manifest names it as its path; correct the "
                    + "key path; it is relative to the manifest's folder"
            ),
            (
                .refused(url: "U", status: 403), .unavailable,
                "server refuses (U): status 403; open the address in a browser to see what it "
                    + "asks for"
            ),
            (
                .unavailable(what: "U", reason: "R"), .unavailable,
                "server is not available (U): R; run the same command again to go on"
            ),
            (
                .badVariable(.badEndpoint("hub.test")), .badConfiguration,
                "address of the Hub cannot be used (HF_ENDPOINT): it is \"hub.test\", which does "
                    + "not begin with https:// or http://; write the whole address, such as "
                    + "https://huggingface.co"
            ),
            (
                .wrongSize(file: "F", expected: 1, found: 2), .badData,
                "file has a wrong size (F): 2 bytes instead of 1; run it again to fetch the file "
                    + "anew; where that does not help, the manifest or the server is wrong"
            ),
            (
                .wrongHash(file: "F", expected: "a", found: "b"), .badData,
                "file has a wrong hash (F): SHA-256 b instead of a; run it again to fetch the file "
                    + "anew; where that does not help, the manifest or the server is wrong"
            ),
            (
                .badArchive(archive: "A", reason: "R"), .badData,
                "archive cannot be unpacked (A): R; fetch it anew, or ask its author"
            ),
            (
                .unsafeEntry(archive: "A", entry: "E", reason: "R"), .badData,
                "archive is refused (A): entry E: R; do not use it, or leave the entry out with "
                    + "the key entries"
            ),
            (
                .tooLarge(archive: "A", limit: 5), .badData,
                "archive is refused (A): its entries have more than 5 bytes; raise "
                    + "unpacked_bytes_max if you trust it"
            ),
            (
                .noEntryMatches(archive: "A", pattern: "P"), .badData,
                "entries are missing (A): none fits P; correct the key entries"
            ),
            (
                .conflict(archive: "A", path: "P"), .cannotCreateOutput,
                "entry cannot be put in place (P): another file is there than A has; remove the "
                    + "older file, or unpack into another folder"
            ),
            (
                .notEnoughSpace(folder: "D", needed: 2, free: 1), .cannotCreateOutput,
                "disk is too small (D): 2 bytes are needed, 1 are free; free some, or choose "
                    + "an output on another disk"
            ),
            (
                .diskFull(path: "P"), .cannotCreateOutput,
                "disk is full (P): nothing more can be written; free some, and run the same "
                    + "command again to go on"
            ),
            (
                .cannotWrite(path: "P", reason: "R"), .cannotCreateOutput,
                "file cannot be written (P): R; check the path and its permissions"
            ),
            (
                .cannotRead(path: "P", reason: "R"), .inputOutput,
                "file cannot be read (P): R; check the file and its permissions"
            ),
            (
                .inUse(folder: "D"), .cannotCreateOutput,
                "output is in use (D): another process prepares data there; wait for it, or choose "
                    + "another output"
            ),
            (
                .interrupted(folder: "D"), .interrupted,
                "preparation was interrupted (D): what is finished is kept; run the same command "
                    + "again to go on"
            ),
        ] as [(PreparationError, FailureKind, String)])
    func texts(_ error: PreparationError, _ kind: FailureKind, _ text: String) {
        #expect(error.kind == kind)
        #expect(error.oneLine == text)
    }

    @Test func aFullDiskIsNamed() {
        #expect(PreparationError.writing("P", ENOSPC) == .diskFull(path: "P"))
        #expect(
            PreparationError.writing("P", EACCES)
                == .cannotWrite(path: "P", reason: "Permission denied"))
    }
}
