import MoCaCore
import Testing

@testable import MoCaHub

/// Every case, exact text.
struct HubErrorTests {
    @Test(
        arguments: [
            (
                .repositoryMissing(name: "o/n", hasToken: false), .inputMissing,
                "repository is missing (o/n): there is no folder of this name, and the Hub does not "
                    + "know it or hides it; check the name; a private one needs HF_TOKEN"
            ),
            (
                .repositoryMissing(name: "o/n", hasToken: true), .inputMissing,
                "repository is missing (o/n): there is no folder of this name, and the Hub does not "
                    + "show it to this token; check the name, and whether the token may read it"
            ),
            (
                .revisionMissing(name: "o/n", revision: "v"), .inputMissing,
                "revision is missing (o/n@v): the repository has no such branch, tag or commit; "
                    + "correct what follows @; without it, main is used"
            ),
            (
                .fileMissing(what: "U"), .inputMissing,
                "file is missing (U): the server does not have it; check the name, or another "
                    + "revision"
            ),
            (
                .gated(name: "o/n", reason: "R", hasToken: false), .unavailable,
                "repository is gated (o/n): R; accept the terms on the page of o/n, and set "
                    + "HF_TOKEN to a token of yours"
            ),
            (
                .gated(name: "o/n", reason: "R", hasToken: true), .unavailable,
                "repository is gated (o/n): R; accept the terms on the page of o/n as the user of "
                    + "the token"
            ),
            (
                .badToken(reason: "R"), .unavailable,
                "token is refused (HF_TOKEN): R; set HF_TOKEN to a valid token, or unset it"
            ),
            (
                .onlyPickles(name: "o/n", file: "F"), .badData,
                "model is refused (o/n): its weights are pickles (F), which can run any program "
                    + "when they are read; name a revision with safetensors (conversions often are "
                    + "at @refs/pr/1), or convert it with transformers' save_pretrained"
            ),
            (
                .noModel(name: "o/n", reason: "R"), .badData,
                "repository has no model (o/n): R; name a repository of a model in Hugging Face "
                    + "layout"
            ),
            (
                .isAdapter(name: "o/n"), .badData,
                "repository has no model (o/n): it is an adapter, which belongs to a model; give it "
                    + "as the adapter of the model that base_model_name_or_path of its "
                    + "adapter_config.json names"
            ),
            (
                .noFolder(
                    path: "o/n", similar: ["o/m"], .repositoryMissing(name: "o/n", hasToken: true)),
                .inputMissing,
                "model is missing (o/n): there is no such folder, but o/m, and the Hub has no model "
                    + "for the name: repository is missing (o/n): there is no folder of this name, "
                    + "and the Hub does not show it to this token; correct the path, or check the "
                    + "name, and whether the token may read it"
            ),
            (
                .noFolder(path: "o/n", similar: [], .unavailable(what: "W", reason: "R")),
                .unavailable,
                "model is missing (o/n): there is no such folder, and the Hub has no model for the "
                    + "name: server is not available (W): R; correct the path, or run the same "
                    + "command again to go on"
            ),
            (
                .badEndpoint("hub.test"), .badConfiguration,
                "address of the Hub cannot be used (HF_ENDPOINT): it is \"hub.test\", which does "
                    + "not begin with https:// or http://; write the whole address, such as "
                    + "https://huggingface.co"
            ),
            (
                .badSwitch(name: "V", value: "y"), .badConfiguration,
                "variable cannot be used (V): it is \"y\", which is neither yes nor no; set it to "
                    + "1, true, yes or on, or to 0, false, no or off"
            ),
            (
                .programMissing(name: "curl"), .unavailable,
                "program is missing (curl): it is not in PATH; install it, and put it in PATH"
            ),
            (
                .refused(url: "U", status: 418), .unavailable,
                "server refuses (U): status 418; open the address in a browser to see what it asks "
                    + "for"
            ),
            (
                .unavailable(what: "W", reason: "R"), .unavailable,
                "server is not available (W): R; run the same command again to go on"
            ),
            (
                .badCommit(url: "U", commit: "../x"), .unavailable,
                "listing has no usable commit (U): \"../x\" is not 40 hexadecimal digits; check "
                    + "HF_ENDPOINT: the server does not answer as the Hub does"
            ),
            (
                .wrongSize(file: "F", expected: 2, found: 1), .badData,
                "file has a wrong size (F): 1 bytes instead of 2; run it again to fetch the file "
                    + "anew; where that does not help, the server is wrong"
            ),
            (
                .wrongHash(file: "F", expected: "a", found: "b"), .badData,
                "file has a wrong hash (F): b instead of a; run it again to fetch the file anew; "
                    + "where that does not help, the server is wrong"
            ),
            (
                .notCached(name: "o/n", cache: "C"), .inputMissing,
                "model is not in the cache (o/n): C lacks it, and requests are forbidden; allow "
                    + "requests (no offline setting, HF_HUB_OFFLINE unset), or copy a complete cache"
            ),
            (
                .otherRevisions(name: "o/n@v", revisions: ["v1", "v2"]), .inputMissing,
                "revision is not in the cache (o/n@v): the cache has v1, v2 of it, and requests are "
                    + "forbidden; name one of these after @, or allow requests (no offline setting, "
                    + "HF_HUB_OFFLINE unset)"
            ),
            (
                .needsRequests(name: "o/n"), .unavailable,
                "model cannot be updated (o/n): an update asks the Hub, and requests are "
                    + "forbidden; allow requests (no offline setting, HF_HUB_OFFLINE unset)"
            ),
            (
                .incomplete(name: "o/n", folder: "F", missing: ["a", "b", "c", "d", "e"]),
                .inputMissing,
                "model in the cache is incomplete (o/n): F lacks a, b, c, d and 1 more, and requests "
                    + "are forbidden; allow requests (no offline setting, HF_HUB_OFFLINE unset), or "
                    + "copy a complete cache"
            ),
            (
                .unreadableCache(path: "P", reason: "R"), .inputOutput,
                "cache cannot be read (P): R; check HF_HUB_CACHE and HF_HOME, and the permissions"
            ),
            (
                .notEnoughSpace(folder: "F", needed: 2, free: 1), .cannotCreateOutput,
                "disk is too small (F): 2 bytes are needed, 1 are free; free some, or set "
                    + "HF_HUB_CACHE to a folder on another disk"
            ),
            (
                .diskFull(path: "P"), .cannotCreateOutput,
                "disk is full (P): nothing more can be written; free some, and run the same command "
                    + "again to go on"
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
                .interrupted(name: "N"), .interrupted,
                "download was interrupted (N): what is finished is kept; run the same command again "
                    + "to go on"
            ),
        ] as [(HubError, FailureKind, String)])
    func text(error: HubError, kind: FailureKind, text: String) {
        #expect(error.kind == kind)
        #expect(error.oneLine == text)
    }
}
