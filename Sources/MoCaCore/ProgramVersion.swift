// The version of the program, which what it writes names.

/// The version of the program.
package enum ProgramVersion {
    /// Semantic, such as `0.1.0`.
    package static let current = "0.1.0"
}
