// Archives and streams over libarchive.

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "locales.h"
#include "reader.h"
#include "source.h"

#define BLOCK_BYTES (1 << 18)
// Of a tar whose headers alone are visited: what lies between them is not read.
#define HEADER_BYTES (1 << 12)
#define TAR_BLOCK_BYTES 512
// The headers of an entry among which its name is looked for; longer ones are left to libarchive.
#define NAME_BYTES (1 << 18)

struct carchive_reader {
    struct archive *archive;
    parts *parts;
    source *source;
    /// The failure of the bytes below libarchive, whose text is already kept.
    carchive_status failed;
    int is_encrypted;
    int is_at_end;
    int lacks_end;
    int is_stream;
    /// Of a stream: what libarchive has handed out and the caller has not taken yet.
    const unsigned char *waiting;
    size_t waiting_count;
    /// The names of the current entry where libarchive's are not those that are stored.
    char *name;
    char *target;
};

// --- Bytes for libarchive ---------------------------------------------------------------------

static la_ssize_t read_block(struct archive *archive, void *data, const void **bytes) {
    carchive_reader *reader = data;
    size_t count = 0;
    reader->failed = source_read(reader->source, bytes, &count);
    if (reader->failed != CARCHIVE_OK) {
        archive_set_error(archive, EIO, "%s", carchive_last_error());
        return ARCHIVE_FATAL;
    }
    return (la_ssize_t)count;
}

/// Whether the archive is the bytes of the files as they are.
static int is_plain(const carchive_reader *reader) {
    return source_is_plain(reader->source) && archive_filter_count(reader->archive) == 1;
}

static la_int64_t skip_bytes(struct archive *archive, void *data, la_int64_t request) {
    (void)archive;
    carchive_reader *reader = data;
    int64_t position = parts_position(reader->parts);
    int64_t left = parts_size(reader->parts) - position;
    int64_t skipped = request < left ? request : left;
    parts_seek(reader->parts, position + skipped);
    return skipped;
}

static la_int64_t seek_bytes(struct archive *archive, void *data, la_int64_t offset, int whence) {
    (void)archive;
    carchive_reader *reader = data;
    int64_t size = parts_size(reader->parts);
    int64_t base = whence == SEEK_SET ? 0
        : whence == SEEK_CUR          ? parts_position(reader->parts)
                                      : size;
    int64_t position = base + offset;
    position = position < 0 ? 0 : position > size ? size : position;
    parts_seek(reader->parts, position);
    return position;
}

// --- Opening ----------------------------------------------------------------------------------

static carchive_status failure(const carchive_reader *reader) {
    if (reader->failed != CARCHIVE_OK) {
        return reader->failed;
    }
    const char *text = archive_error_string(reader->archive);
    int code = archive_errno(reader->archive);
    carchive_status status = code == ENOMEM ? CARCHIVE_OUT_OF_MEMORY
        : reader->is_encrypted              ? CARCHIVE_UNSUPPORTED
                                            : CARCHIVE_INVALID;
    return carchive_fail(status, "%s", text ? text : "the bytes are damaged");
}

/// Only what is read within this process: some of libarchive's filters start other programs.
static void choose_formats(struct archive *archive, carchive_content content) {
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    if (content == CARCHIVE_STREAM) {
        archive_read_support_format_raw(archive);
        archive_read_support_format_empty(archive);
    } else {
        archive_read_support_format_tar(archive);
        // What follows the end of a tar is another tar, as in shards put together with `cat`.
        archive_read_set_format_option(archive, "tar", "read_concatenated_archives", "1");
        archive_read_support_format_zip(archive);
    }
}

static carchive_status open_archive(carchive_reader *reader, carchive_content content) {
    struct archive *archive = reader->archive;
    choose_formats(archive, content);
    archive_read_set_callback_data(archive, reader);
    archive_read_set_read_callback(archive, read_block);
    if (source_is_plain(reader->source)) {
        archive_read_set_skip_callback(archive, skip_bytes);
        archive_read_set_seek_callback(archive, seek_bytes);
    }
    int code = archive_read_open1(archive);
    if (reader->failed != CARCHIVE_OK) {
        return reader->failed;
    }
    if (content == CARCHIVE_ENTRIES && code != ARCHIVE_OK) {
        return carchive_fail(CARCHIVE_INVALID, "the bytes are neither a tar nor a zip archive");
    }
    // A stream that fails before its first byte is taken for an empty one, but not silently.
    if (code != ARCHIVE_OK || archive_errno(archive) != 0) {
        return failure(reader);
    }
    if (content == CARCHIVE_STREAM && is_plain(reader)) {
        return carchive_fail(CARCHIVE_INVALID, "the bytes are not gzip, zstd, bzip2 or xz");
    }
    return CARCHIVE_OK;
}

void reader_free(carchive_reader *reader) {
    if (reader) {
        archive_read_free(reader->archive);
        source_close(reader->source);
        free(reader->name);
        free(reader->target);
        free(reader);
    }
}

/// Reads `parts`, which must outlive the reader, from their place on.
static carchive_status open_over(
    parts *parts, carchive_content content, size_t block_bytes, carchive_reader **out) {
    carchive_reader *reader = calloc(1, sizeof(carchive_reader));
    struct archive *archive = archive_read_new();
    if (!reader || !archive) {
        archive_read_free(archive);
        free(reader);
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    reader->archive = archive;
    reader->parts = parts;
    reader->is_stream = content == CARCHIVE_STREAM;
    locale_t before = locale_enter();
    carchive_status status = source_open(parts, content, block_bytes, &reader->source);
    if (status == CARCHIVE_OK) {
        status = open_archive(reader, content);
    }
    locale_leave(before);
    if (status != CARCHIVE_OK) {
        reader_free(reader);
        return status;
    }
    *out = reader;
    return CARCHIVE_OK;
}

carchive_status reader_open_stream(parts *parts, carchive_reader **out) {
    carchive_reader *reader = NULL;
    carchive_status status = open_over(parts, CARCHIVE_STREAM, BLOCK_BYTES, &reader);
    if (status != CARCHIVE_OK) {
        return status;
    }
    carchive_entry entry;
    status = carchive_next(reader, &entry);
    // Without an entry the stream is empty.
    if (status != CARCHIVE_OK && status != CARCHIVE_END) {
        reader_free(reader);
        return status;
    }
    *out = reader;
    return CARCHIVE_OK;
}

/// Takes over `parts`.
static carchive_status open_parts(
    parts *parts, carchive_content content, size_t block_bytes, carchive_reader **out) {
    carchive_status status = open_over(parts, content, block_bytes, out);
    if (status != CARCHIVE_OK) {
        parts_close(parts);
    }
    return status;
}

carchive_status carchive_open(
    const char *const *paths, int64_t path_count, carchive_content content,
    carchive_reader **out) {
    parts *parts = NULL;
    carchive_status status = parts_open(paths, path_count, &parts);
    return status == CARCHIVE_OK ? open_parts(parts, content, BLOCK_BYTES, out) : status;
}

carchive_status carchive_open_tar(const char *path, int64_t header, carchive_reader **out) {
    parts *parts = NULL;
    carchive_status status = parts_open(&path, 1, &parts);
    if (status != CARCHIVE_OK) {
        return status;
    }
    int64_t size = parts_size(parts);
    parts_seek(parts, header < 0 ? 0 : header > size ? size : header);
    return open_parts(parts, CARCHIVE_ENTRIES, HEADER_BYTES, out);
}

void carchive_close(carchive_reader *reader) {
    if (reader) {
        parts *parts = reader->parts;
        reader_free(reader);
        parts_close(parts);
    }
}

// --- Entries ----------------------------------------------------------------------------------

static carchive_type type_of(struct archive_entry *entry) {
    if (archive_entry_hardlink(entry)) {
        return CARCHIVE_HARD_LINK;
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG: return CARCHIVE_FILE;
    case AE_IFDIR: return CARCHIVE_FOLDER;
    case AE_IFLNK: return CARCHIVE_SYMBOLIC_LINK;
    default: return CARCHIVE_OTHER;
    }
}

static int is_tar(const carchive_reader *reader) {
    return (archive_format(reader->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

/// The content of a plain tar begins where libarchive stopped after the headers.
static int64_t position_of(const carchive_reader *reader, struct archive_entry *entry) {
    int is_whole = archive_entry_sparse_count(entry) == 0;
    return is_tar(reader) && is_plain(reader) && is_whole
        ? source_start(reader->source) + archive_filter_bytes(reader->archive, 0)
        : -1;
}

static int is_zip(const carchive_reader *reader) {
    return (archive_format(reader->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

static int is_ascii(const char *text) {
    for (; text && *text; text++) {
        if ((unsigned char)*text >= 0x80) {
            return 0;
        }
    }
    return 1;
}

/// Looks for the stored names of the current entry among the `count` bytes before its content.
static void look_before_content(carchive_reader *reader, int64_t end, int64_t count) {
    unsigned char *bytes = count > 0 && count <= NAME_BYTES ? malloc((size_t)count) : NULL;
    if (bytes && source_copy(reader->source, end - count, bytes, (size_t)count)) {
        int is_pax = is_tar(reader);
        reader->name = is_pax ? names_pax(bytes, (size_t)count, "path")
                              : names_zip(bytes, (size_t)count);
        reader->target = is_pax ? names_pax(bytes, (size_t)count, "linkpath") : NULL;
    }
    free(bytes);
}

/// Finds the stored names of the current entry: only names beyond ASCII differ from libarchive's.
static void find_names(carchive_reader *reader) {
    int64_t end = archive_filter_bytes(reader->archive, 0);
    if (is_tar(reader)) {
        look_before_content(reader, end, end - archive_read_header_position(reader->archive));
        return;
    }
    // The headers of a zip entry may be anywhere, but are short unless they have odd fields.
    int64_t most = end < NAME_BYTES ? end : NAME_BYTES;
    look_before_content(reader, end, end < HEADER_BYTES ? end : HEADER_BYTES);
    if (!reader->name && most > HEADER_BYTES) {
        look_before_content(reader, end, most);
    }
}

static void describe(carchive_reader *reader, struct archive_entry *entry, carchive_entry *out) {
    const char *name = archive_entry_pathname(entry);
    const char *hard_link = archive_entry_hardlink(entry);
    const char *link = hard_link ? hard_link : archive_entry_symlink(entry);
    free(reader->name);
    free(reader->target);
    reader->name = reader->target = NULL;
    if ((!is_ascii(name) || !is_ascii(link)) && (is_tar(reader) || is_zip(reader))) {
        find_names(reader);
    }
    out->name = reader->name ? reader->name : name ? name : "";
    out->target = link && reader->target ? reader->target : link;
    out->is_zip = is_zip(reader);
    out->type = type_of(entry);
    out->permissions = (uint32_t)archive_entry_perm(entry);
    out->size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    out->modified = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0;
    out->position = position_of(reader, entry);
    out->header = source_start(reader->source) + archive_read_header_position(reader->archive);
    out->is_encrypted = archive_entry_is_data_encrypted(entry) > 0;
    reader->is_encrypted = out->is_encrypted;
}

/// libarchive takes the end of the bytes for the end of a tar, too; where there is a mark, it has
/// read at least one block after the last entry.
static int lacks_end(const carchive_reader *reader) {
    int64_t after = archive_read_header_position(reader->archive);
    return is_tar(reader)
        && archive_filter_bytes(reader->archive, 0) - after < TAR_BLOCK_BYTES;
}

carchive_status carchive_next(carchive_reader *reader, carchive_entry *out) {
    if (reader->is_at_end) {
        return CARCHIVE_END;
    }
    struct archive_entry *entry = NULL;
    locale_t before = locale_enter();
    int code = archive_read_next_header(reader->archive, &entry);
    carchive_status status = CARCHIVE_OK;
    if (code == ARCHIVE_EOF) {
        reader->is_at_end = 1;
        reader->lacks_end = lacks_end(reader);
        status = CARCHIVE_END;
    } else if (code < ARCHIVE_WARN) {
        // ARCHIVE_WARN is an odd header, of which everything that is asked for could be read.
        status = failure(reader);
    } else {
        describe(reader, entry, out);
    }
    locale_leave(before);
    return status;
}

/// `archive_read_data` fills `bytes` by several blocks, and forgets the first when a later one
/// fails: of a stream, everything before the damage is wanted.
static la_ssize_t read_stream(carchive_reader *reader, void *bytes, size_t capacity) {
    while (reader->waiting_count == 0) {
        const void *block = NULL;
        la_int64_t offset = 0;
        int code =
            archive_read_data_block(reader->archive, &block, &reader->waiting_count, &offset);
        if (code != ARCHIVE_OK) {
            reader->waiting_count = 0;
            return code == ARCHIVE_EOF ? 0 : code;
        }
        reader->waiting = block;
    }
    size_t count = reader->waiting_count < capacity ? reader->waiting_count : capacity;
    memcpy(bytes, reader->waiting, count);
    reader->waiting += count;
    reader->waiting_count -= count;
    return (la_ssize_t)count;
}

carchive_status carchive_read(
    carchive_reader *reader, void *bytes, size_t capacity, size_t *out_count) {
    locale_t before = locale_enter();
    la_ssize_t count = reader->is_stream ? read_stream(reader, bytes, capacity)
                                         : archive_read_data(reader->archive, bytes, capacity);
    carchive_status status = count < 0 ? failure(reader) : CARCHIVE_OK;
    locale_leave(before);
    if (status == CARCHIVE_OK) {
        *out_count = (size_t)count;
    }
    return status;
}

int32_t carchive_lacks_end(const carchive_reader *reader) { return reader->lacks_end; }

int64_t carchive_consumed(const carchive_reader *reader) {
    return parts_position(reader->parts);
}

const char *carchive_version(void) { return archive_version_string(); }
