// The model: words to ids by merging (Sennrich et al. 2016).

import MoCaSettings

/// The settings of `model` besides its vocabulary and merges.
struct ModelSettings: Sendable {
    /// The token of scalars that have no other.
    let unknownToken: String?
    /// Whether neighbouring unknown scalars become one unknown token.
    let fusesUnknown: Bool
    /// Whether a scalar without a token becomes the tokens of its bytes.
    let usesByteFallback: Bool
    /// Whether a word that is a token stays whole whatever the merges are.
    let ignoresMerges: Bool

    /// Reads the members of `model`; reports values that are not supported.
    init(_ section: Section) {
        StageReader.require(section, "type", .string("BPE"), default: .string("BPE"))
        if let dropout = section["dropout"], dropout.number != 0 {
            section.add("dropout", "is \(dropout.summary), must be null")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            StageReader.require(section, key, .string(""), default: .string(""))
        }
        unknownToken = section.optionalString("unk_token")
        fusesUnknown = section.bool("fuse_unk", default: false)
        usesByteFallback = section.bool("byte_fallback", default: false)
        ignoresMerges = section.bool("ignore_merges", default: false)
    }
}

/// A byte-pair encoding with its vocabulary.
struct BytePairModel: Sendable {
    /// The tokens.
    let vocabulary: Vocabulary
    /// The merges that build tokens from symbols.
    let merges: UInt32PairMap
    /// The symbols before merging.
    let symbols: InitialSymbols
    /// Whether a word that is a token stays whole whatever the merges are.
    let ignoresMerges: Bool
    /// Whether a word may be cut before each run of `WordMark.space`: no merge crosses the cut.
    let isCutAtSpaces: Bool

    /// Creates the model of a file. Throws `JSONFault`, or `TokenizerError.inconsistent` if the
    /// vocabulary lacks a token of the merges or one that encoding needs.
    ///
    /// - Parameters:
    ///   - merges: a scanner positioned before `model.merges`.
    ///   - isByteLevel: whether words consist of bytes, spelled in the byte alphabet.
    init(
        _ settings: ModelSettings, vocabulary: Vocabulary, merges scanner: JSONScanner,
        isByteLevel: Bool, file: String
    ) throws {
        self.vocabulary = vocabulary
        symbols =
            isByteLevel
            ? .bytes(try Self.byteIDs(vocabulary, file: file))
            : .scalars(try ScalarSymbols(vocabulary, settings, file: file))
        var scanner = scanner
        let merges = try Merges(&scanner, vocabulary: vocabulary, file: file)
        self.merges = merges.table
        ignoresMerges = settings.ignoresMerges
        let space = String(decoding: WordMark.space, as: UTF8.self)
        // An omitted scalar between two spaces would make them neighbours.
        if case .scalars(let symbols) = symbols, !symbols.omitsUnknown {
            isCutAtSpaces =
                !settings.ignoresMerges && !merges.crossSpaces && vocabulary.id(of: space) != nil
        } else {
            isCutAtSpaces = false
        }
    }

    private static func byteIDs(_ vocabulary: Vocabulary, file: String) throws -> [UInt32] {
        try (0...255).map { (byte: UInt8) in
            guard let id = vocabulary.id(of: ByteAlphabet.spelling(of: [byte])) else {
                throw TokenizerError.inconsistent(
                    file: file, field: "model.vocab", reason: "no token for the byte \(byte)")
            }
            return id
        }
    }
}
