// A path that stays inside its folder. Archives, servers and manifests are not trusted with more.

import Foundation

/// The components of a relative path that never leads upwards.
struct InnerPath: Sendable, Hashable {
    /// The folder inside an output that belongs to `moca data prepare`.
    static let workFolder = ".moca-prepare"

    /// The reason why a path is refused.
    struct Refusal: Error, Hashable {
        let reason: String
    }

    /// The components; empty for the folder itself.
    let components: [String]

    init(components: [String]) {
        self.components = components
    }

    /// - Throws: `Refusal` for a path that is absolute, has `..`, or leads to the work folder.
    init(_ text: String) throws(Refusal) {
        guard !text.hasPrefix("/") else { throw Refusal(reason: "the path is absolute") }
        var components: [String] = []
        for part in text.split(separator: "/") where part != "." {
            guard part != ".." else { throw Refusal(reason: "the path leaves its folder") }
            components.append(String(part))
        }
        guard components.first != Self.workFolder else {
            throw Refusal(reason: "the path leads to \(Self.workFolder)")
        }
        guard !text.utf8.contains(0) else { throw Refusal(reason: "the path has a zero byte") }
        self.components = components
    }

    var text: String { components.joined(separator: "/") }

    /// The path below a folder.
    func url(in folder: URL) -> URL {
        components.isEmpty
            ? folder : URL(fileURLWithPath: folder.path + "/" + text, isDirectory: false)
    }

    /// The path that a link at this path with this `target` points to, resolved by names alone.
    ///
    /// - Throws: `Refusal` if it leaves the folder.
    func resolving(_ target: String) throws(Refusal) -> InnerPath {
        guard !target.hasPrefix("/") else { throw Refusal(reason: "it links to \(target)") }
        var reached = Array(components.dropLast())
        for part in target.split(separator: "/") where part != "." {
            if part != ".." {
                reached.append(String(part))
            } else if reached.popLast() == nil {
                throw Refusal(reason: "it links to \(target), outside its folder")
            }
        }
        return InnerPath(components: reached)
    }
}
