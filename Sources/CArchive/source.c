#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "gzip.h"
#include "reader.h"

#define BLOCK_BYTES (1 << 18)

struct source {
    parts *parts;
    int64_t start;
    /// NULL where the bytes are not gzip.
    gzip *gzip;
    /// NULL where the bytes are not zstd, bzip2 or xz.
    carchive_reader *stream;
    size_t block_bytes;
    /// The last two blocks, and where the last one begins.
    int current;
    size_t counts[2];
    int64_t block_start;
    unsigned char blocks[2][BLOCK_BYTES];
};

/// Whether the first bytes are those of zstd, bzip2 or xz; the place stays where it is.
static carchive_status compression_recognize(parts *parts, int *out) {
    static const char *const magics[] = {"\x28\xb5\x2f\xfd", "BZh", "\xfd\x37zXZ"};
    unsigned char first[5];
    size_t count = 0;
    carchive_status status = parts_peek(parts, first, sizeof(first), &count);
    *out = 0;
    for (size_t index = 0; index < sizeof(magics) / sizeof(magics[0]); index++) {
        size_t length = strlen(magics[index]);
        *out = *out || (count >= length && memcmp(first, magics[index], length) == 0);
    }
    return status;
}

static carchive_status open_decoder(source *source, carchive_content content) {
    int is_gzip = 0, is_compressed = 0;
    carchive_status status = gzip_recognize(source->parts, &is_gzip);
    if (status == CARCHIVE_OK && is_gzip) {
        return gzip_open(source->parts, &source->gzip);
    }
    if (status == CARCHIVE_OK && content == CARCHIVE_ENTRIES) {
        status = compression_recognize(source->parts, &is_compressed);
    }
    return status == CARCHIVE_OK && is_compressed
        ? reader_open_stream(source->parts, &source->stream)
        : status;
}

carchive_status source_open(
    parts *parts, carchive_content content, size_t block_bytes, source **out) {
    source *opened = calloc(1, sizeof(source));
    if (!opened) {
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    opened->parts = parts;
    opened->start = parts_position(parts);
    opened->block_bytes = block_bytes < BLOCK_BYTES ? block_bytes : BLOCK_BYTES;
    carchive_status status = open_decoder(opened, content);
    if (status != CARCHIVE_OK) {
        source_close(opened);
        return status;
    }
    *out = opened;
    return CARCHIVE_OK;
}

carchive_status source_read(source *source, const void **out_bytes, size_t *out_count) {
    size_t count = 0, capacity = source->block_bytes;
    unsigned char *block = source->blocks[!source->current];
    carchive_status status = source->gzip ? gzip_read(source->gzip, block, capacity, &count)
        : source->stream ? carchive_read(source->stream, block, capacity, &count)
                         : parts_read(source->parts, block, capacity, &count);
    if (status != CARCHIVE_OK) {
        return status;
    }
    source->block_start += (int64_t)source->counts[source->current];
    source->current = !source->current;
    source->counts[source->current] = count;
    *out_bytes = block;
    *out_count = count;
    return CARCHIVE_OK;
}

int source_is_plain(const source *source) { return !source->gzip && !source->stream; }

static int copy_from_files(source *source, int64_t start, unsigned char *bytes, size_t count) {
    int64_t position = parts_position(source->parts);
    size_t have = 0;
    parts_seek(source->parts, source->start + start);
    carchive_status status = parts_peek(source->parts, bytes, count, &have);
    parts_seek(source->parts, position);
    return status == CARCHIVE_OK && have == count;
}

int source_copy(source *source, int64_t start, unsigned char *bytes, size_t count) {
    if (source_is_plain(source)) {
        return copy_from_files(source, start, bytes, count);
    }
    for (; count > 0; start++, count--, bytes++) {
        int64_t offset = start - source->block_start;
        int block = offset < 0 ? !source->current : source->current;
        offset += offset < 0 ? (int64_t)source->counts[block] : 0;
        if (offset < 0 || offset >= (int64_t)source->counts[block]) {
            return 0;
        }
        *bytes = source->blocks[block][offset];
    }
    return 1;
}

int64_t source_start(const source *source) { return source->start; }

void source_close(source *source) {
    if (source) {
        gzip_close(source->gzip);
        reader_free(source->stream);
        free(source);
    }
}
