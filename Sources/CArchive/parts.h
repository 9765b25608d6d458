// Files read as one: their bytes, one file after the other.

#ifndef CARCHIVE_PARTS_H
#define CARCHIVE_PARTS_H

#include "include/carchive.h"

typedef struct parts parts;

/// Keeps a failure's text for `carchive_last_error` and returns `status`.
carchive_status carchive_fail(carchive_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Asks for the sizes of the files; the caller closes.
carchive_status parts_open(const char *const *paths, int64_t count, parts **out);

/// Closes; NULL is allowed.
void parts_close(parts *parts);

/// Reads at the place; `*out_count` is 0 at the end only.
carchive_status parts_read(parts *parts, void *bytes, size_t capacity, size_t *out_count);

/// Reads what follows the place, which stays where it is; `*out_count` is below `capacity` only
/// where the files end.
carchive_status parts_peek(parts *parts, void *bytes, size_t capacity, size_t *out_count);

/// The place, from the start of the first file.
int64_t parts_position(const parts *parts);

/// Goes to a place between 0 and `parts_size`.
void parts_seek(parts *parts, int64_t position);

/// Bytes of all files.
int64_t parts_size(const parts *parts);

#endif // CARCHIVE_PARTS_H
