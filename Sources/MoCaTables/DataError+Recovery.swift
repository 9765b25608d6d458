// How to fix each data error.

import Foundation

extension DataError {
    package var recoverySuggestion: String? {
        switch self {
        case .fileMissing: "check the path"
        case .unknownFormat: "give a .parquet, .arrow, .jsonl, .tar or .txt file"
        case .unreadableFile, .damagedBlock, .damagedStream:
            "the file is damaged or not what its ending says: download or write it again"
        case .notJSONLines:
            "convert it, or give it the ending of its format (.parquet, .arrow, .jsonl.gz, ...)"
        case .inputOutput: "check the permissions and the disk"
        case .lfsPointer: "fetch the file with `git lfs pull`"
        case .unsupportedFile(_, _, _, let remedy): remedy
        case .malformedFields:
            "write as many fields as the first line names, with one tab between and without quotes"
        case .headerMissing: "write a first line with these names, with one tab between"
        case .malformedLine: "write one JSON object a line, in UTF-8"
        case .malformedSample: "write the members of a sample one after the other, each once"
        case .cannotUnpack(_, let folder, _):
            "set TMPDIR to a folder with more room than \(folder), or decompress the file"
        case .unreadableArchive: "the archive is damaged: download or write it again"
        case .archiveOutOfOrder: "decompress it to a plain .tar, or use a .zip"
        case .archiveMemberMissing: "name an entry as the archive spells it"
        case .cannotWrite: "check that the folder exists, is writable and has room"
        case .columnMissing: "rename the column or choose another folder"
        case .columnType: "convert the column"
        case .valueMissing: "fill in the value or drop the row"
        case .invalidText: "write the text in UTF-8"
        case .listsDiffer: "give both lists the same length, or leave one of them empty"
        case .placeholderCount: "write one placeholder for each image, or none"
        case .strayImageToken: "write a whole placeholder with its image, or remove the token"
        case .emptyContent: "give a text or an image, or drop the row"
        case .imageMissing: "set the folder of images ('images:' in a recipe)"
        case .imageNotFetched: "download it, and name the file or write a data: URL"
        case .imageIsFolder: "name an image file"
        case .imageWithoutScheme: "write base64 as data:image/TYPE;base64,DATA"
        case .duplicateRecord: "keep one of the two records"
        case .unreadableDataURL: "write data:image/TYPE;base64,DATA"
        case .noDataFiles(_, let subfolders) where subfolders.isEmpty:
            "name a folder that holds data files"
        case .noDataFiles: "name the folders below it, each is one subset"
        case .severalSplits(let folder, let splits):
            "name one of them: \(folder)/\(splits.first ?? "")"
        case .duplicateSubset: "rename one of the folders"
        case .badWeights: "give each subset one positive weight"
        case .subsetTooSmall: "choose a smaller batch.size or leave the subset out"
        case .nothingUsable: "look at the records that were left out and their reasons"
        case .sampleOverBudget: "raise batch.tokens or set a maximum length"
        case .quarantinedRowMissing: "check the data again: the file was made of other data"
        case .quarantinedSubsetMissing:
            "check the folders that you train on together, or remove the line"
        case .tooManyFailures:
            "correct the records of quarantine.jsonl, or raise data.max_error_rate"
        case .cursorMismatch: "train on the same data, or start anew with resume: never"
        }
    }
}
