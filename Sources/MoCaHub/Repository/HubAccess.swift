// The Hub's address and the user's token, from the variables of huggingface_hub.

package import Foundation

/// The endpoint of the Hub, the token, and whether the network may be used.
package struct HubAccess: Sendable, Hashable {
    package let endpoint: String
    package let token: String?
    /// Whether `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` forbids requests.
    package let isOffline: Bool
    /// Why the variables cannot be used for a request; nil if they can.
    private let problem: HubError?

    /// Reads `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH` or the token in `HF_HOME`, and
    /// `HF_HUB_OFFLINE`.
    package init(_ environment: [String: String]) {
        let given = environment["HF_ENDPOINT"] ?? ""
        let text = given.isEmpty ? "https://huggingface.co" : given
        let address = text.hasSuffix("/") ? String(text.dropLast()) : text
        endpoint = address
        token = Self.token(environment)
        let names = ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]
        let offline = names.first { environment[$0]?.isEmpty == false }
        let value = offline.flatMap { environment[$0] } ?? ""
        isOffline = Self.isTrue(value)
        if !["http://", "https://"].contains(where: { address.lowercased().hasPrefix($0) }) {
            problem = .badEndpoint(address)
        } else if let offline, !isOffline, !Self.isFalse(value) {
            problem = .badSwitch(name: offline, value: value)
        } else {
            problem = nil
        }
    }

    /// Checks that requests can be made as the variables say.
    ///
    /// - Throws: `HubError.badEndpoint`, `.badSwitch`.
    func check() throws(HubError) {
        if let problem { throw problem }
    }

    /// The home of huggingface_hub: `HF_HOME`, or `huggingface` in the user's cache folder.
    static func home(_ environment: [String: String]) -> String {
        let user = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"].flatMap(\.nonEmpty) ?? "\(user)/.cache"
        let home = environment["HF_HOME"].flatMap(\.nonEmpty) ?? "\(cache)/huggingface"
        return expanded(home, environment)
    }

    /// A path whose leading `~` and variables are replaced, as huggingface_hub does.
    static func expanded(_ path: String, _ environment: [String: String]) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/") {
            path = (environment["HOME"] ?? NSHomeDirectory()) + path.dropFirst()
        }
        return path.replacing(/\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/) { match in
            environment[String(match.1)] ?? String(match.0)
        }
    }

    private static func token(_ environment: [String: String]) -> String? {
        let names = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]
        if let given = names.compactMap({ environment[$0]?.trimmed.nonEmpty }).first {
            return given
        }
        if isTrue(environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] ?? "") { return nil }
        let file = environment["HF_TOKEN_PATH"].flatMap(\.nonEmpty).map {
            expanded($0, environment)
        }
        // Written by `hf auth login`; most machines have none.
        return FileManager.default.contents(atPath: file ?? "\(home(environment))/token")
            .flatMap { String(decoding: $0, as: UTF8.self).trimmed.nonEmpty }
    }

    private static func isTrue(_ text: String) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(text.uppercased())
    }

    private static func isFalse(_ text: String) -> Bool {
        ["0", "OFF", "NO", "FALSE"].contains(text.uppercased())
    }
}

extension HubReference {
    /// The URL of a file of a commit.
    package func address(of path: String, commit: String, _ hub: HubAccess) -> String {
        let characters = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: ";"))
        let path = path.addingPercentEncoding(withAllowedCharacters: characters) ?? path
        let folder = kind == .dataset ? "/datasets" : ""
        return "\(hub.endpoint)\(folder)/\(name)/resolve/\(commit)/\(path)"
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
