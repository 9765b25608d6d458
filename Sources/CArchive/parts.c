#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct part {
    char *path;
    /// Where it begins, from the start of the first file.
    int64_t start;
    int64_t size;
} part;

struct parts {
    part *list;
    int64_t count;
    int64_t size;
    int64_t position;
    /// The file that is open: one at a time. -1: none.
    int descriptor;
    int64_t open;
};

// A fixed buffer: telling of a failure must not itself run out of memory.
static _Thread_local char last_error[1024] = "";

carchive_status carchive_fail(carchive_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_error, sizeof(last_error), format, arguments);
    va_end(arguments);
    return status;
}

const char *carchive_last_error(void) { return last_error; }

static carchive_status measure(parts *parts, const char *path) {
    struct stat found;
    if (stat(path, &found) != 0) {
        return carchive_fail(CARCHIVE_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(found.st_mode)) {
        return carchive_fail(CARCHIVE_IO, "%s: it is no regular file", path);
    }
    part *added = &parts->list[parts->count];
    added->path = strdup(path);
    if (!added->path) {
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    added->start = parts->size;
    added->size = found.st_size;
    parts->size += found.st_size;
    parts->count++;
    return CARCHIVE_OK;
}

carchive_status parts_open(const char *const *paths, int64_t count, parts **out) {
    parts *opened = calloc(1, sizeof(parts));
    part *list = calloc(count > 0 ? (size_t)count : 1, sizeof(part));
    if (!opened || !list) {
        free(opened);
        free(list);
        return carchive_fail(CARCHIVE_OUT_OF_MEMORY, "out of memory");
    }
    opened->list = list;
    opened->descriptor = -1;
    for (int64_t index = 0; index < count; index++) {
        carchive_status status = measure(opened, paths[index]);
        if (status != CARCHIVE_OK) {
            parts_close(opened);
            return status;
        }
    }
    *out = opened;
    return CARCHIVE_OK;
}

static void close_file(parts *parts) {
    if (parts->descriptor >= 0) {
        close(parts->descriptor);
    }
    parts->descriptor = -1;
}

void parts_close(parts *parts) {
    if (!parts) {
        return;
    }
    close_file(parts);
    for (int64_t index = 0; index < parts->count; index++) {
        free(parts->list[index].path);
    }
    free(parts->list);
    free(parts);
}

static carchive_status open_file(parts *parts, int64_t index) {
    if (parts->descriptor >= 0 && parts->open == index) {
        return CARCHIVE_OK;
    }
    close_file(parts);
    parts->descriptor = open(parts->list[index].path, O_RDONLY | O_CLOEXEC);
    parts->open = index;
    if (parts->descriptor < 0) {
        return carchive_fail(CARCHIVE_IO, "%s: %s", parts->list[index].path, strerror(errno));
    }
    return CARCHIVE_OK;
}

static int64_t part_at(const parts *parts, int64_t position) {
    int64_t low = 0, high = parts->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        const part *tried = &parts->list[middle];
        if (tried->start + tried->size <= position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

carchive_status parts_read(parts *parts, void *bytes, size_t capacity, size_t *out_count) {
    int64_t index = part_at(parts, parts->position);
    if (index == parts->count) {
        *out_count = 0;
        return CARCHIVE_OK;
    }
    carchive_status status = open_file(parts, index);
    if (status != CARCHIVE_OK) {
        return status;
    }
    const part *current = &parts->list[index];
    int64_t offset = parts->position - current->start;
    int64_t left = current->size - offset;
    size_t wanted = left < (int64_t)capacity ? (size_t)left : capacity;
    ssize_t count;
    do {
        count = pread(parts->descriptor, bytes, wanted, offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return carchive_fail(CARCHIVE_IO, "%s: %s", current->path, strerror(errno));
    }
    if (count == 0 && wanted > 0) {
        return carchive_fail(CARCHIVE_IO, "%s: it became shorter while it was read",
                             current->path);
    }
    parts->position += count;
    *out_count = (size_t)count;
    return CARCHIVE_OK;
}

carchive_status parts_peek(parts *parts, void *bytes, size_t capacity, size_t *out_count) {
    int64_t start = parts->position;
    carchive_status status = CARCHIVE_OK;
    size_t have = 0, count = 1;
    while (status == CARCHIVE_OK && count > 0 && have < capacity) {
        status = parts_read(parts, (char *)bytes + have, capacity - have, &count);
        have += status == CARCHIVE_OK ? count : 0;
    }
    parts->position = start;
    *out_count = have;
    return status;
}

int64_t parts_position(const parts *parts) { return parts->position; }

void parts_seek(parts *parts, int64_t position) { parts->position = position; }

int64_t parts_size(const parts *parts) { return parts->size; }
