// Converts a document of a corpus to model input.

import MoCaCore
import MoCaData
import MoCaSystem
import MoCaTables
import MoCaEmbedding
import MoCaVectors

/// A document's content and the prompt around it.
struct DocumentInput {
    let content: Content
    /// The role of the document, regardless of the model's prompts.
    let role: Role
    /// Text used instead of a prompt if the model has none for the role.
    private let wording: String?

    /// - Parameter wordsPages: whether pages get MoCa's wording if the model has no prompt for their
    ///   role.
    /// - Throws: `DataError`.
    init(
        _ record: CorpusRecord, _ documents: EvaluationRun.Documents, images: ImageStore,
        wordsPages: Bool
    ) throws {
        if documents == .any, record.image == nil {
            guard !record.text.isEmpty else {
                throw DataError.emptyContent(record.location, field: "text")
            }
            content = .text(record.text)
            role = .document
            wording = nil
            return
        }
        var segments: [Content.Segment] = [.image(try record.page(in: images))]
        if documents == .any, !record.text.isEmpty { segments.append(.text("\n" + record.text)) }
        // The text begins with the line break that separates it from the page.
        content = Content(segments, isArranged: segments.count > 1)
        role = .documentImage
        // The wording of MoCa's evaluation.
        wording =
            documents == .pages && wordsPages ? "\nRepresent the given document image." : nil
    }

    /// The input that a model embeds.
    ///
    /// - Parameter known: returns the role if the model has a prompt for it.
    func prompted(known: (Role) -> Role?) -> PromptedContent {
        let role = known(role)
        guard let wording, role == nil else {
            return PromptedContent(content: content, role: role)
        }
        let worded = Content(content.segments + [.text(wording)], isArranged: true)
        return PromptedContent(content: worded, role: nil)
    }

    /// The cache key of the value of `prompted`.
    ///
    /// - Parameter key: the key of `content`.
    func promptedKey(_ key: ContentID, known: (Role) -> Role?) -> ContentID {
        let role = known(role)
        guard let wording, role == nil else { return key.adding(role: role) }
        return key.adding(wording).adding("arranged").adding(role: nil)
    }
}
