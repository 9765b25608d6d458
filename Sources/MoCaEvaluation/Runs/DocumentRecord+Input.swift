// What is embedded of a document.

import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaTables
import MoCaVectors

extension DocumentRecord {
    /// What is embedded of the document.
    ///
    /// - Parameter known: the role, where the model has a prompt for it.
    /// - Throws: `DataError`.
    func input(
        _ documents: EvaluationRun.Documents, _ images: ImageStore, known: (Role) -> Role?
    ) throws -> PromptedContent {
        guard let image else {
            guard documents == .any else {
                throw DataError.valueMissing(location, column: "image")
            }
            guard !text.isEmpty else { throw DataError.emptyContent(location, field: "text") }
            return PromptedContent(content: .text(text), role: known(.document))
        }
        var segments: [Content.Segment] = try images.sources([image], at: location)
            .map { .image($0) }
        if documents == .any, !text.isEmpty { segments.append(.text("\n" + text)) }
        let role = known(.documentImage)
        // The wording of MoCa's evaluation.
        if documents == .pages, role == nil {
            segments.append(.text("\nRepresent the given document image."))
        }
        return PromptedContent(content: Content(segments), role: role)
    }
}
