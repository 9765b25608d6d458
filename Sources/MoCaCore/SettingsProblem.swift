// A mistake in a settings file.

/// A mistake at one key of a settings file.
public struct SettingsProblem: Sendable, Hashable, CustomStringConvertible {
    /// The path of the key, such as `schedule.total_steps` or `sources[0].hub`.
    public var keyPath: String
    /// The reason, such as `is -1, must be positive`.
    public var reason: String
    /// The file with the key, if it is not the file that was read but one that it extends.
    public var file: String?

    /// Creates a problem.
    public init(_ keyPath: String, _ reason: String, file: String? = nil) {
        self.keyPath = keyPath
        self.reason = reason
        self.file = file
    }

    public var description: String {
        "\(keyPath) \(reason)" + (file.map { " (in \($0))" } ?? "")
    }
}
