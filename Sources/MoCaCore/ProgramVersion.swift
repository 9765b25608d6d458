// The version of the program, recorded in its output.

/// The version of the program.
package enum ProgramVersion {
    /// The semantic version, such as `0.1.0`.
    package static let current = "0.1.0"
}
