// Files of the Hub, fetched by its own program `hf`, which knows every way in which the Hub serves
// files. Complete files stay when it is killed; from version 2 on it restarts a partial file.

import Foundation
import MoCaHub
import MoCaSystem

/// Fetches files of one commit into a folder.
struct HubDownload {
    /// The most files of one call: the length of a command line is limited.
    private static let filesMax = 500
    private static let secondsBetweenLooks = 0.5

    let repository: HubRepository
    let commit: String
    let files: [ListedFile]
    /// The destination folder; files keep their paths in it.
    let folder: URL
    let context: PreparationContext

    /// Bytes fetched so far, in complete and partial files.
    func bytesHere() throws -> Int {
        var bytes = files.reduce(0) { $0 + (FileStamp.size(of: $1.url(in: folder)) ?? 0) }
        try FolderWalk.forEachFile(in: folder.appending(path: ".cache")) { _, url, size in
            if url.pathExtension == "incomplete" { bytes += size }
        }
        return bytes
    }

    /// Fetches all files.
    ///
    /// - Throws: `PreparationError.programMissing`, `.gated`, `.notFound`, `.unavailable`,
    ///   `.diskFull`, `.interrupted`.
    func run() throws {
        guard
            let hf = ChildProgram.find(
                "hf", context.options.environment, folders: context.options.programFolders)
        else {
            let folders = context.options.programFolders.map { $0.path + "/bin" }
            throw PreparationError.programMissing(
                name: "hf", places: (["PATH"] + folders).joined(separator: ", "))
        }
        try WorkFolder.makeFolder(folder)
        try removeLeftovers()
        for start in stride(from: 0, to: files.count, by: Self.filesMax) {
            try fetch(Array(files[start..<min(start + Self.filesMax, files.count)]), hf)
        }
    }

    /// Removes partial files that `hf` does not resume, because it gave them random names.
    private func removeLeftovers() throws {
        try FolderWalk.forEachFile(in: folder.appending(path: ".cache")) { path, url, _ in
            if path.contains(/\.[0-9a-f]{8}\.incomplete$/) { try WorkFolder.remove(url) }
        }
    }

    private func fetch(_ files: [ListedFile], _ hf: URL) throws {
        var retries = RetryLoop(repository.name, context.transfer)
        while true {
            var before = try bytesHere()
            let start = before
            var looked = ContinuousClock.now
            let program = child(files, hf)
            let result = try PreparationError.fetching {
                try program.run(
                    input: "",
                    tick: {
                        try context.check()
                        guard (ContinuousClock.now - looked) > .seconds(Self.secondsBetweenLooks)
                        else { return }
                        looked = .now
                        let now = try bytesHere()
                        context.progress.add(now - before)
                        before = now
                    }, onOutput: { _ in })
            }
            let end = try bytesHere()
            context.progress.add(end - before)
            if result.status == 0 { return }
            try judge(result, &retries, progressed: end > start)
        }
    }

    /// Throws if another attempt cannot succeed, else waits before the next attempt.
    private func judge(
        _ result: ChildProgram.Result, _ retries: inout RetryLoop, progressed: Bool
    ) throws {
        let text = result.errors
        let lines = text.split(whereSeparator: \.isNewline)
            .filter { !$0.contains("Hint:") && !$0.allSatisfy(\.isWhitespace) }
        let line = lines.last { $0.hasPrefix("Error") } ?? lines.last
        let reason = line.map(String.init) ?? "hf ended with status \(result.status)"
        func says(_ words: String...) -> Bool {
            words.contains { text.range(of: $0, options: .caseInsensitive) != nil }
        }
        if says("No space left on device", "Disk quota exceeded") {
            throw PreparationError.diskFull(path: folder.path)
        }
        // Not "gated" alone: a name such as "aggregated" contains it.
        if says(
            "GatedRepo", "gated repo", "401 Client Error", "403 Client Error", "401 Unauthorized",
            "403 Forbidden", "Access denied")
        {
            throw PreparationError.gated(repository: repository.name, reason: reason)
        }
        if says("File not found in", "Revision not found", "404 Client Error", "404 Not Found") {
            throw PreparationError.notFound(what: "\(repository.name), commit \(commit)")
        }
        try PreparationError.fetching {
            try retries.failed(reason, progressed: progressed)
        }
    }

    private func child(_ files: [ListedFile], _ hf: URL) -> ChildProgram {
        var arguments = ["download", "--repo-type", repository.kind.rawValue]
        arguments += ["--revision", commit, "--local-dir", folder.path, "--max-workers", "4"]
        arguments += ["--", repository.name] + files.map(\.path)
        var environment = context.options.environment
        environment["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
        environment["HF_HUB_DISABLE_UPDATE_CHECK"] = "1"
        environment["HF_HUB_DISABLE_TELEMETRY"] = environment["HF_HUB_DISABLE_TELEMETRY"] ?? "1"
        environment["NO_COLOR"] = "1"
        let home = hf.deletingLastPathComponent().deletingLastPathComponent().path
        if context.options.programFolders.contains(where: { $0.path == home }) {
            // Programs installed by pip's --target look for their modules elsewhere.
            let older = environment["PYTHONPATH"].map { ":\($0)" } ?? ""
            environment["PYTHONPATH"] = home + older
        }
        // Ends hf when this process is killed; a system without setpriv relies on hf's own locks.
        if let setpriv = ChildProgram.find(
            "setpriv", context.options.environment, folders: context.options.programFolders)
        {
            arguments = ["--pdeathsig", "KILL", "--", hf.path] + arguments
            return ChildProgram(url: setpriv, arguments: arguments, environment: environment)
        }
        return ChildProgram(url: hf, arguments: arguments, environment: environment)
    }
}
