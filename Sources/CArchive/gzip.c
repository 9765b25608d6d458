#include "gzip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INPUT_BYTES (1 << 16)
// A window of 2^15 bytes, and 16 for the header and trailer of gzip.
#define GZIP_WINDOW (15 + 16)

struct gzip {
    parts *parts;
    z_stream stream;
    /// Between two members, or after the last.
    int is_between;
    /// Only padding may follow.
    int is_padding;
    unsigned char input[INPUT_BYTES];
};

carchive_status gzip_recognize(parts *parts, int *out) {
    unsigned char magic[3] = {0};
    size_t have = 0;
    carchive_status status = parts_peek(parts, magic, sizeof(magic), &have);
    if (status != CARCHIVE_OK) {
        return status;
    }
    *out = have == sizeof(magic) && magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8;
    return CARCHIVE_OK;
}

carchive_status gzip_open(parts *parts, gzip **out) {
    gzip *opened = calloc(1, sizeof(gzip));
    if (!opened || inflateInit2(&opened->stream, GZIP_WINDOW) != Z_OK) {
        free(opened);
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    opened->parts = parts;
    *out = opened;
    return CARCHIVE_OK;
}

void gzip_close(gzip *gzip) {
    if (gzip) {
        inflateEnd(&gzip->stream);
        free(gzip);
    }
}

static carchive_status fill(gzip *gzip) {
    size_t count = 0;
    carchive_status status = parts_read(gzip->parts, gzip->input, INPUT_BYTES, &count);
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (uInt)count;
    return status;
}

/// After a member: another one, zeros that fill up a block, or nothing may follow.
static carchive_status begin_member(gzip *gzip) {
    if (!gzip->is_padding && gzip->stream.next_in[0] == 0x1f) {
        gzip->is_between = 0;
        inflateReset(&gzip->stream);
        return CARCHIVE_OK;
    }
    gzip->is_padding = 1;
    for (; gzip->stream.avail_in > 0; gzip->stream.avail_in--, gzip->stream.next_in++) {
        if (gzip->stream.next_in[0] != 0) {
            return carchive_fail(CARCHIVE_INVALID, "something follows the end of the gzip data");
        }
    }
    return CARCHIVE_OK;
}

static carchive_status inflate_some(gzip *gzip) {
    int code = inflate(&gzip->stream, Z_NO_FLUSH);
    switch (code) {
    case Z_OK:
    case Z_BUF_ERROR: return CARCHIVE_OK;
    case Z_STREAM_END: gzip->is_between = 1; return CARCHIVE_OK;
    case Z_MEM_ERROR: return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    default:
        return carchive_fail(CARCHIVE_INVALID, "the gzip data are damaged: %s",
                             gzip->stream.msg ? gzip->stream.msg : "unexpected bytes");
    }
}

/// One step on; `*is_end` after the last member.
static carchive_status advance(gzip *gzip, int *is_end) {
    if (gzip->stream.avail_in == 0) {
        carchive_status status = fill(gzip);
        if (status != CARCHIVE_OK) {
            return status;
        }
    }
    if (gzip->stream.avail_in == 0) {
        *is_end = gzip->is_between;
        return gzip->is_between ? CARCHIVE_OK
                                : carchive_fail(CARCHIVE_INVALID, "the gzip data end too early");
    }
    return gzip->is_between ? begin_member(gzip) : inflate_some(gzip);
}

carchive_status gzip_read(gzip *gzip, void *bytes, size_t capacity, size_t *out_count) {
    gzip->stream.next_out = bytes;
    gzip->stream.avail_out = (uInt)capacity;
    carchive_status status = CARCHIVE_OK;
    int is_end = 0;
    while (status == CARCHIVE_OK && !is_end && gzip->stream.avail_out > 0) {
        status = advance(gzip, &is_end);
    }
    *out_count = capacity - gzip->stream.avail_out;
    // What came before a failure is handed out first; the next call fails in the same place.
    return *out_count > 0 ? CARCHIVE_OK : status;
}

static z_stream stream_over(const void *bytes, size_t count, void *out, size_t out_count) {
    z_stream stream;
    memset(&stream, 0, sizeof(stream));
    stream.next_in = (unsigned char *)bytes;
    stream.avail_in = (uInt)count;
    stream.next_out = out;
    stream.avail_out = (uInt)out_count;
    return stream;
}

carchive_status carchive_inflate(
    const void *bytes, size_t count, uint32_t crc, void *out, size_t out_count) {
    if (count > UINT32_MAX || out_count > UINT32_MAX) {
        return carchive_fail(CARCHIVE_UNSUPPORTED, "the member is over 4 GiB");
    }
    // One byte more than nothing, so that there is room where an empty member goes.
    unsigned char none;
    z_stream stream = stream_over(bytes, count, out_count ? out : &none, out_count);
    // A bare stream without header and trailer.
    if (inflateInit2(&stream, -15) != Z_OK) {
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    int code = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (code != Z_STREAM_END || stream.avail_out != 0) {
        return carchive_fail(CARCHIVE_INVALID, "the deflated data are damaged");
    }
    return carchive_verify(out, out_count, crc);
}

carchive_status carchive_verify(const void *bytes, size_t count, uint32_t crc) {
    if (crc32_z(0, bytes, count) != crc) {
        return carchive_fail(CARCHIVE_INVALID, "the checksum does not fit");
    }
    return CARCHIVE_OK;
}
