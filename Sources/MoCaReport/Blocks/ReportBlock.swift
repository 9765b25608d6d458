// What a section of a report can contain.

/// The content of a section, which renders itself as HTML and as Markdown.
///
/// An array is a block if its elements are `ReportItem`s.
package protocol ReportBlock: Sendable {
    /// The block as HTML.
    ///
    /// - Parameter name: distinguishes the controls of this block from those of the page's other
    ///   blocks, such as `2-1`.
    func html(name: String) -> HTML

    /// The block as Markdown, without images; empty if the block shows nothing else.
    ///
    /// - Parameter level: the level of the block's own headings, if it has any.
    func markdown(level: Int) -> String
}

/// A value of which a block shows several, such as a query with its results.
package protocol ReportItem: Sendable {
    /// The items as HTML.
    ///
    /// - Parameter name: as in `ReportBlock.html(name:)`.
    static func html(_ items: [Self], name: String) -> HTML

    /// The items as Markdown.
    ///
    /// - Parameter level: as in `ReportBlock.markdown(level:)`.
    static func markdown(_ items: [Self], level: Int) -> String
}

extension Array: ReportBlock where Element: ReportItem {
    package func html(name: String) -> HTML { Element.html(self, name: name) }

    package func markdown(level: Int) -> String { Element.markdown(self, level: level) }
}
