// The bytes of an archive: those of its files as they are, or decompressed.

#ifndef CARCHIVE_SOURCE_H
#define CARCHIVE_SOURCE_H

#include "parts.h"

typedef struct source source;

/// Reads `parts`, which must outlive it, from their place on, in blocks of at most `block_bytes`.
/// An archive (`CARCHIVE_ENTRIES`) that is gzip, zstd, bzip2 or xz is decompressed; of a stream
/// only gzip is, and the rest is left to libarchive. The caller closes.
carchive_status source_open(
    parts *parts, carchive_content content, size_t block_bytes, source **out);

/// The next block, valid until the call after the next; `*out_count` is 0 at the end only.
carchive_status source_read(source *source, const void **out_bytes, size_t *out_count);

/// Whether the bytes are those of the files, among which one may skip.
int source_is_plain(const source *source);

/// Copies `count` bytes that begin `start` bytes after the archive does; of decompressed ones only
/// the last two blocks are there. Whether they could be had.
int source_copy(source *source, int64_t start, unsigned char *bytes, size_t count);

/// Where reading began: positions count from the start of the first file.
int64_t source_start(const source *source);

/// Closes; NULL is allowed.
void source_close(source *source);

#endif // CARCHIVE_SOURCE_H
