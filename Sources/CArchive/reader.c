// Archives and streams over libarchive, with gzip before it.

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#include "gzip.h"
#include "parts.h"

#define BLOCK_BYTES (1 << 18)

struct carchive_reader {
    struct archive *archive;
    parts *parts;
    /// NULL where the bytes are not gzip.
    gzip *gzip;
    /// The failure of the bytes below libarchive, whose text is already kept.
    carchive_status failed;
    int is_encrypted;
    unsigned char block[BLOCK_BYTES];
};

// --- Names ------------------------------------------------------------------------------------

// libarchive converts names by the thread's locale, and drops what "C" cannot say: its calls run
// under UTF-8, whatever the program's locale.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8;

static void make_locale(void) {
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8) {
        utf8 = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
    }
}

static locale_t enter(void) {
    pthread_once(&once, make_locale);
    return utf8 ? uselocale(utf8) : (locale_t)0;
}

static void leave(locale_t before) {
    if (before) {
        uselocale(before);
    }
}

// --- Bytes for libarchive ---------------------------------------------------------------------

static la_ssize_t read_block(struct archive *archive, void *data, const void **bytes) {
    carchive_reader *reader = data;
    size_t count = 0;
    reader->failed = reader->gzip
        ? gzip_read(reader->gzip, reader->block, BLOCK_BYTES, &count)
        : parts_read(reader->parts, reader->block, BLOCK_BYTES, &count);
    if (reader->failed != CARCHIVE_OK) {
        archive_set_error(archive, EIO, "%s", carchive_last_error());
        return ARCHIVE_FATAL;
    }
    *bytes = reader->block;
    return (la_ssize_t)count;
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
        archive_read_support_format_zip(archive);
    }
}

static carchive_status open_archive(carchive_reader *reader, carchive_content content) {
    struct archive *archive = reader->archive;
    choose_formats(archive, content);
    archive_read_set_callback_data(archive, reader);
    archive_read_set_read_callback(archive, read_block);
    if (!reader->gzip) {
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
    if (content == CARCHIVE_STREAM && !reader->gzip && archive_filter_count(archive) == 1) {
        return carchive_fail(CARCHIVE_INVALID, "the bytes are not gzip, zstd, bzip2 or xz");
    }
    return CARCHIVE_OK;
}

static carchive_status open_reader(carchive_reader *reader, carchive_content content) {
    int is_gzip = 0;
    carchive_status status = gzip_recognize(reader->parts, &is_gzip);
    if (status == CARCHIVE_OK && is_gzip) {
        status = gzip_open(reader->parts, &reader->gzip);
    }
    return status == CARCHIVE_OK ? open_archive(reader, content) : status;
}

carchive_status carchive_open(
    const char *const *paths, int64_t path_count, carchive_content content,
    carchive_reader **out) {
    parts *parts = NULL;
    carchive_status status = parts_open(paths, path_count, &parts);
    if (status != CARCHIVE_OK) {
        return status;
    }
    carchive_reader *reader = calloc(1, sizeof(carchive_reader));
    struct archive *archive = archive_read_new();
    if (!reader || !archive) {
        archive_read_free(archive);
        free(reader);
        parts_close(parts);
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    reader->archive = archive;
    reader->parts = parts;
    locale_t before = enter();
    status = open_reader(reader, content);
    leave(before);
    if (status != CARCHIVE_OK) {
        carchive_close(reader);
        return status;
    }
    *out = reader;
    return CARCHIVE_OK;
}

void carchive_close(carchive_reader *reader) {
    if (reader) {
        archive_read_free(reader->archive);
        gzip_close(reader->gzip);
        parts_close(reader->parts);
        free(reader);
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

/// The content of a plain tar begins where libarchive stopped after the headers.
static int64_t position_of(const carchive_reader *reader, struct archive_entry *entry) {
    int is_tar =
        (archive_format(reader->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    int is_plain = !reader->gzip && archive_filter_count(reader->archive) == 1;
    int is_whole = archive_entry_sparse_count(entry) == 0;
    return is_tar && is_plain && is_whole ? archive_filter_bytes(reader->archive, 0) : -1;
}

static void describe(carchive_reader *reader, struct archive_entry *entry, carchive_entry *out) {
    const char *name = archive_entry_pathname(entry);
    const char *link = archive_entry_hardlink(entry);
    out->name = name ? name : "";
    out->target = link ? link : archive_entry_symlink(entry);
    out->type = type_of(entry);
    out->permissions = (uint32_t)archive_entry_perm(entry);
    out->size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    out->modified = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0;
    out->position = position_of(reader, entry);
    out->is_encrypted = archive_entry_is_data_encrypted(entry) > 0;
    reader->is_encrypted = out->is_encrypted;
}

carchive_status carchive_next(carchive_reader *reader, carchive_entry *out) {
    struct archive_entry *entry = NULL;
    locale_t before = enter();
    int code = archive_read_next_header(reader->archive, &entry);
    carchive_status status = CARCHIVE_OK;
    if (code == ARCHIVE_EOF) {
        status = CARCHIVE_END;
    } else if (code < ARCHIVE_WARN) {
        // ARCHIVE_WARN is an odd header, of which everything that is asked for could be read.
        status = failure(reader);
    } else {
        describe(reader, entry, out);
    }
    leave(before);
    return status;
}

carchive_status carchive_read(
    carchive_reader *reader, void *bytes, size_t capacity, size_t *out_count) {
    locale_t before = enter();
    la_ssize_t count = archive_read_data(reader->archive, bytes, capacity);
    carchive_status status = count < 0 ? failure(reader) : CARCHIVE_OK;
    leave(before);
    if (status == CARCHIVE_OK) {
        *out_count = (size_t)count;
    }
    return status;
}

int64_t carchive_consumed(const carchive_reader *reader) {
    return parts_position(reader->parts);
}

const char *carchive_version(void) { return archive_version_string(); }
