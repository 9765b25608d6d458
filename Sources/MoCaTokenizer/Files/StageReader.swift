// Reading of the stages of `tokenizer.json`, each a step, a sequence of steps, or null.

import MoCaSettings

/// Finds the steps of a stage, and reports settings that would change ids and are not supported.
enum StageReader {
    /// The steps of the stage `key` of the file, those of nested sequences in order; none for null.
    ///
    /// - Parameter list: the key of the steps of a sequence.
    static func steps(of file: Section, _ key: String, list: String) -> [Section] {
        guard let stage = file.optionalSection(key) else { return [] }
        return steps(of: stage, list: list)
    }

    private static func steps(of stage: Section, list: String) -> [Section] {
        guard stage.optionalString("type") == "Sequence" else { return [stage] }
        return stage.sections(list).flatMap { steps(of: $0, list: list) }
    }

    /// The type of a step as a case of `Kind`; nil, with a report, for another one.
    static func kind<Kind: RawRepresentable<String> & CaseIterable>(
        _ step: Section, _: Kind.Type
    ) -> Kind? {
        guard step.has("type") else {
            step.add("type", "is missing")
            return nil
        }
        return step.optionalChoice("type")
    }

    /// Reports a value of `key` other than `value`.
    ///
    /// - Parameter fallback: the value that stands for a missing key.
    static func require(_ step: Section, _ key: String, _ value: JSON, default fallback: JSON?) {
        let found = step[key] ?? fallback
        guard found != value else { return }
        step.add(key, "is \(found?.summary ?? "missing"), must be \(value.summary)")
    }

    /// A string that must not be missing.
    static func string(_ step: Section, _ key: String) -> String {
        guard let text = step.optionalString(key) else {
            step.add(key, "is missing, must be a string")
            return ""
        }
        return text
    }

    /// The literal of a `pattern`; patterns that are regular expressions are reported.
    static func literal(_ step: Section, _ key: String) -> [UInt8] {
        let pattern = step.section(key)
        guard !pattern.has("Regex") else {
            pattern.add("Regex", "is not supported, must be a String")
            return []
        }
        let text = string(pattern, "String")
        if text.isEmpty, pattern.has("String") { pattern.add("String", "is empty") }
        return Array(text.utf8)
    }

    /// The UTF-8 of a single scalar.
    static func scalar(_ step: Section, _ key: String) -> [UInt8] {
        let text = string(step, key)
        if step.has(key), text.unicodeScalars.count != 1 {
            step.add(key, "is \(JSON.quoted(text)), must be one character")
        }
        return Array(text.utf8)
    }
}
