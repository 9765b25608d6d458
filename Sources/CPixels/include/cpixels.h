// Integer image kernels: the two passes of a resampling filter, and the cutting into patches. On
// x86-64 they use AVX2 where the processor has it; results do not depend on that.
#ifndef CPIXELS_H
#define CPIXELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Weights of one resampling pass. Output i is the sum over t < count[i] of
/// weight[i * stride + t] * input[first[i] + t]. Weights have 22 fractional bits and stand for
/// high * 2048 + low; `high` and `low` are zero from count[i] up to `stride`, a multiple of 16.
typedef struct {
    int32_t stride;
    const int32_t *first;
    const int32_t *count;
    const int16_t *high;
    const int16_t *low;
} cpixels_weights;

/// Resamples `rows` rows of `in_width` pixels of `bands` (1 to 4) bytes to `out_width` pixels each;
/// rows follow one another without gaps. `uses_simd` 0 keeps to portable code.
void cpixels_resample_rows(const uint8_t *in, size_t in_width, size_t rows, int32_t bands,
                           const cpixels_weights *weights, size_t out_width, uint8_t *out,
                           int32_t uses_simd);

/// Computes output rows `out_first` up to `out_end` of the vertical pass over rows of `row_bytes`
/// bytes; input row 0 is the one that weights->first counts from.
void cpixels_resample_columns(const uint8_t *in, size_t row_bytes, const cpixels_weights *weights,
                              size_t out_first, size_t out_end, uint8_t *out, int32_t uses_simd);

/// Cuts a strip of `merge * patch` rows and `width` pixels of `bands` (1 or 3) bytes into patches of
/// (3 channels, patch, patch) bytes. Patches are ordered by merge block from left to right, and
/// inside a block by row and column. A grey strip gives the same byte to all channels.
void cpixels_cut_patches(const uint8_t *strip, size_t width, int32_t bands, int32_t patch,
                         int32_t merge, uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif
