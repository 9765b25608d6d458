#include "names.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const unsigned char *bytes, size_t count) {
    // A name with a NUL would be cut by everyone who reads it.
    char *text = count > 0 && !memchr(bytes, 0, count) ? malloc(count + 1) : NULL;
    if (text) {
        memcpy(text, bytes, count);
        text[count] = 0;
    }
    return text;
}

// --- tar (POSIX.1-2017, pax) ------------------------------------------------------------------

#define BLOCK_BYTES 512
#define SIZE_OFFSET 124
#define SIZE_DIGITS 12
#define TYPE_OFFSET 156

/// The size that a header declares; `limit` + 1 for one that is larger or not octal.
static size_t declared_size(const unsigned char *header, size_t limit) {
    size_t size = 0;
    const unsigned char *digit = header + SIZE_OFFSET, *end = digit + SIZE_DIGITS;
    while (digit < end && *digit == ' ') {
        digit++;
    }
    for (; digit < end && *digit >= '0' && *digit <= '7'; digit++) {
        size = size * 8 + (size_t)(*digit - '0');
        if (size > limit) {
            return limit + 1;
        }
    }
    return digit < end && *digit != ' ' && *digit != 0 ? limit + 1 : size;
}

/// The value of the last record "LENGTH KEY=VALUE\n" with this key.
static char *value_of(const unsigned char *records, size_t count, const char *key) {
    char *found = NULL;
    size_t key_count = strlen(key);
    while (count > 0) {
        size_t length = 0, digits = 0;
        while (digits < count && digits < 10 && records[digits] >= '0' && records[digits] <= '9') {
            length = length * 10 + (size_t)(records[digits++] - '0');
        }
        size_t start = digits + 1;
        if (digits == 0 || length > count || length <= start || records[digits] != ' '
            || records[length - 1] != '\n') {
            return found;
        }
        if (length - start > key_count + 1 && records[start + key_count] == '='
            && memcmp(records + start, key, key_count) == 0) {
            size_t value = start + key_count + 1;
            free(found);
            found = copy(records + value, length - 1 - value);
        }
        records += length;
        count -= length;
    }
    return found;
}

char *names_pax(const unsigned char *headers, size_t count, const char *key) {
    char *found = NULL;
    while (count >= BLOCK_BYTES) {
        unsigned char type = headers[TYPE_OFFSET];
        // Zeros: the end of an archive before this one. g, L, K: other headers before the entry's.
        int is_before = type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
        if (!is_before && headers[0] != 0) {
            return found;
        }
        headers += BLOCK_BYTES;
        count -= BLOCK_BYTES;
        if (!is_before) {
            continue;
        }
        size_t size = declared_size(headers - BLOCK_BYTES, count);
        if (size > count) {
            return found;
        }
        if (type == 'x' || type == 'X') {
            free(found);
            found = value_of(headers, size, key);
        }
        size_t whole = (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
        headers += whole < count ? whole : count;
        count -= whole < count ? whole : count;
    }
    return found;
}

// --- zip (APPNOTE 6.3.10, section 4.3.7) ------------------------------------------------------

#define LOCAL_BYTES 30
#define FLAG_UTF8 0x800

static size_t number16(const unsigned char *bytes) {
    return (size_t)bytes[0] | (size_t)bytes[1] << 8;
}

char *names_zip(const unsigned char *bytes, size_t count) {
    static const unsigned char signature[] = {'P', 'K', 3, 4};
    for (size_t length = LOCAL_BYTES; length <= count; length++) {
        const unsigned char *header = bytes + count - length;
        size_t name = number16(header + 26), extra = number16(header + 28);
        if (memcmp(header, signature, sizeof(signature)) == 0
            && LOCAL_BYTES + name + extra == length) {
            int is_utf8 = (number16(header + 6) & FLAG_UTF8) != 0;
            return is_utf8 ? copy(header + LOCAL_BYTES, name) : NULL;
        }
    }
    return NULL;
}
