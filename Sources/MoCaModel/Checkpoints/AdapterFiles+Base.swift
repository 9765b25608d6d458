// Whether an adapter was trained on a model, by the names of its base.

package import Foundation
import MoCaHub

extension AdapterFiles {
    /// A warning that the adapter names another base than the model, or one that cannot be compared
    /// with it; nil if the names agree, or the adapter names no base.
    ///
    /// Names of the Hub are compared with each other. A folder is compared by its last name,
    /// because the same model may be in another place.
    ///
    /// - Parameter model: the folder of the model that the adapter is for.
    package func warning(ofOtherBaseThan model: URL) -> String? {
        guard let base, !base.isEmpty else { return nil }
        let (named, used) = (Self.publicName(base), HubSnapshot(model)?.name)
        let what = "adapter may be for another model (\(folder.path)): "
        if let named, let used {
            guard named.lowercased() != used.lowercased() else { return nil }
            return what + "it was trained on \(named), and the model is \(used)"
        }
        let names = [named ?? base, used ?? model.standardizedFileURL.path]
        guard Self.lastName(names[0]) != Self.lastName(names[1]) else { return nil }
        return what + "it was trained on \(names[0]), and the model is \(names[1]); whether they "
            + "are the same cannot be seen from the names"
    }

    /// The name on the Hub that a text is, or that a path into the Hub's cache is of.
    private static func publicName(_ text: String) -> String? {
        HubSnapshot(URL(fileURLWithPath: text))?.name ?? HubReference(model: text)?.name
    }

    private static func lastName(_ path: String) -> String {
        path.split(separator: "/").last?.lowercased() ?? path
    }
}
