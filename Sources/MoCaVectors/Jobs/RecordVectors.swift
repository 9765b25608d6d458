// Records with their vectors, wherever they lie before an output is written.

/// Records in input order with their vectors, which are read one by one.
protocol RecordVectors {
    /// How the vectors were computed.
    var settings: JournalSettings { get }
    /// The number of records, those without vectors included.
    var recordCount: Int { get }
    /// The number of records with vectors.
    var embeddedCount: Int { get }
    /// The number of vectors, of which a record may have several.
    var vectorCount: Int { get }

    /// Calls `body` with every entry, also those without vectors.
    func forEachEntry(_ body: (VectorJournal.Entry) throws -> Void) throws

    /// Calls `body` with every entry that has vectors, and its vectors one after the other.
    func forEachRecord(_ body: (VectorJournal.Entry, [Float]) throws -> Void) throws
}
