#include "cpixels.h"

// One channel of one patch; `step` is the distance between pixels in bytes.
static inline void cut_channel(const uint8_t *in, size_t row_bytes, size_t step, int32_t patch,
                               uint8_t *out) {
    for (int32_t y = 0; y < patch; y++) {
        const uint8_t *row = in + (size_t)y * row_bytes;
        for (int32_t x = 0; x < patch; x++) {
            out[x] = row[(size_t)x * step];
        }
        out += patch;
    }
}

void cpixels_cut_patches(const uint8_t *strip, size_t width, int32_t bands, int32_t patch,
                         int32_t merge, uint8_t *out) {
    size_t step = (size_t)bands, row_bytes = width * step;
    size_t area = (size_t)patch * (size_t)patch;
    size_t blocks = width / (size_t)(patch * merge);
    for (size_t i = 0; i < blocks * (size_t)(merge * merge); i++) {
        size_t block = i / (size_t)(merge * merge), place = i % (size_t)(merge * merge);
        size_t row = place / (size_t)merge, column = block * (size_t)merge + place % (size_t)merge;
        const uint8_t *in = strip + (row * row_bytes + column * step) * (size_t)patch;
        for (size_t channel = 0; channel < 3; channel++) {
            cut_channel(in + (bands == 3 ? channel : 0), row_bytes, step, patch, out);
            out += area;
        }
    }
}
