// The two passes of a resampling filter over bytes. Sums are exact modulo 2^32, so the order of
// additions, and with it the width of the vectors, does not change a bit of the result.
#include "cpixels.h"

#include <stdlib.h>
#include <string.h>

#define FRACTION_BITS 22
#define LOW_BITS 11
#define HALF (1 << (FRACTION_BITS - 1))

static inline uint8_t to_byte(int32_t sum) {
    int32_t value = sum >> FRACTION_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline int32_t weight_at(const cpixels_weights *w, size_t index) {
    return ((int32_t)w->high[index] * (1 << LOW_BITS)) + w->low[index];
}

// MARK: - Portable code

static void row_portable(const uint8_t *in, int32_t bands, const cpixels_weights *w,
                         size_t out_width, uint8_t *out) {
    for (size_t i = 0; i < out_width; i++) {
        const uint8_t *pixel = in + (size_t)w->first[i] * (size_t)bands;
        size_t base = i * (size_t)w->stride;
        int32_t sums[4] = {HALF, HALF, HALF, HALF};
        for (int32_t t = 0; t < w->count[i]; t++, pixel += bands) {
            int32_t weight = weight_at(w, base + (size_t)t);
            for (int32_t band = 0; band < bands; band++) {
                sums[band] += pixel[band] * weight;
            }
        }
        for (int32_t band = 0; band < bands; band++) {
            *out++ = to_byte(sums[band]);
        }
    }
}

// Columns `from` up to `to` of one output row; short runs keep the sums in the first cache level.
static void column_portable(const uint8_t *in, size_t row_bytes, const cpixels_weights *w,
                            size_t row, size_t from, size_t to, uint8_t *out) {
    enum { RUN = 512 };
    int32_t sums[RUN];
    const uint8_t *top = in + (size_t)w->first[row] * row_bytes;
    for (size_t start = from; start < to; start += RUN) {
        size_t count = to - start < RUN ? to - start : RUN;
        for (size_t x = 0; x < count; x++) {
            sums[x] = HALF;
        }
        for (int32_t t = 0; t < w->count[row]; t++) {
            const uint8_t *source = top + (size_t)t * row_bytes + start;
            int32_t weight = weight_at(w, row * (size_t)w->stride + (size_t)t);
            for (size_t x = 0; x < count; x++) {
                sums[x] += source[x] * weight;
            }
        }
        for (size_t x = 0; x < count; x++) {
            out[start + x] = to_byte(sums[x]);
        }
    }
}

// MARK: - AVX2

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

// Two weights as one number, for a product of pairs.
static inline int32_t pair_at(const int16_t *weights) {
    int32_t pair;
    memcpy(&pair, weights, sizeof(pair));
    return pair;
}

AVX2 static inline __m256i two_rows(const uint8_t *first, const uint8_t *second) {
    __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)first));
    return _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)second), 1);
}

// Sums of products, in parts: high * 2048 + low.
typedef struct {
    __m256i high, low;
} sums_avx2;

AVX2 static inline void add_pairs(sums_avx2 *s, __m256i pixels, __m256i high, __m256i low) {
    s->high = _mm256_add_epi32(s->high, _mm256_madd_epi16(pixels, high));
    s->low = _mm256_add_epi32(s->low, _mm256_madd_epi16(pixels, low));
}

AVX2 static inline __m256i joined(sums_avx2 s) {
    return _mm256_add_epi32(_mm256_slli_epi32(s.high, LOW_BITS), s.low);
}

AVX2 static inline __m256i rounded(sums_avx2 s) {
    __m256i sum = _mm256_add_epi32(joined(s), _mm256_set1_epi32(HALF));
    return _mm256_srai_epi32(sum, FRACTION_BITS);
}

// Four rows of RGB. Reads up to 15 bytes behind the last pixel that has a weight, so every row must
// be followed by as many.
AVX2 static void rows_rgb_avx2(const uint8_t *const in[4], const cpixels_weights *w,
                               size_t out_width, uint8_t *const out[4]) {
    // Pixels 0 and 1 (2 and 3) of four, as pairs of 16-bit numbers: R0 R1 G0 G1 B0 B1 - -.
    const __m256i near = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,
                                          0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
    const __m256i far = _mm256_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1,
                                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1,
                                         -1);
    for (size_t i = 0; i < out_width; i++) {
        size_t at = (size_t)w->first[i] * 3;
        const int16_t *high = w->high + i * (size_t)w->stride;
        const int16_t *low = w->low + i * (size_t)w->stride;
        sums_avx2 a = {_mm256_setzero_si256(), _mm256_setzero_si256()}, b = a;
        for (int32_t t = 0; t < w->count[i]; t += 4, at += 12) {
            __m256i first = two_rows(in[0] + at, in[1] + at);
            __m256i second = two_rows(in[2] + at, in[3] + at);
            __m256i h = _mm256_set1_epi32(pair_at(high + t));
            __m256i l = _mm256_set1_epi32(pair_at(low + t));
            add_pairs(&a, _mm256_shuffle_epi8(first, near), h, l);
            add_pairs(&b, _mm256_shuffle_epi8(second, near), h, l);
            h = _mm256_set1_epi32(pair_at(high + t + 2));
            l = _mm256_set1_epi32(pair_at(low + t + 2));
            add_pairs(&a, _mm256_shuffle_epi8(first, far), h, l);
            add_pairs(&b, _mm256_shuffle_epi8(second, far), h, l);
        }
        __m256i words = _mm256_packs_epi32(rounded(a), rounded(b));
        __m256i bytes = _mm256_packus_epi16(words, words);
        uint64_t even = (uint64_t)_mm256_extract_epi64(bytes, 0);
        uint64_t odd = (uint64_t)_mm256_extract_epi64(bytes, 2);
        uint32_t pixels[4] = {(uint32_t)even, (uint32_t)odd, (uint32_t)(even >> 32),
                              (uint32_t)(odd >> 32)};
        for (int r = 0; r < 4; r++) {
            memcpy(out[r] + 3 * i, &pixels[r], 3);
        }
    }
}

// Four rows of grey. Reads up to 15 bytes behind the last pixel that has a weight.
AVX2 static void rows_grey_avx2(const uint8_t *const in[4], const cpixels_weights *w,
                                size_t out_width, uint8_t *const out[4]) {
    for (size_t i = 0; i < out_width; i++) {
        const int16_t *high = w->high + i * (size_t)w->stride;
        const int16_t *low = w->low + i * (size_t)w->stride;
        sums_avx2 sums[4];
        memset(sums, 0, sizeof(sums));
        for (int32_t t = 0; t < w->count[i]; t += 16) {
            __m256i h = _mm256_loadu_si256((const __m256i *)(high + t));
            __m256i l = _mm256_loadu_si256((const __m256i *)(low + t));
            for (int r = 0; r < 4; r++) {
                const uint8_t *source = in[r] + w->first[i] + t;
                __m128i bytes = _mm_loadu_si128((const __m128i *)source);
                add_pairs(&sums[r], _mm256_cvtepu8_epi16(bytes), h, l);
            }
        }
        __m256i ab = _mm256_hadd_epi32(joined(sums[0]), joined(sums[1]));
        __m256i cd = _mm256_hadd_epi32(joined(sums[2]), joined(sums[3]));
        __m256i all = _mm256_hadd_epi32(ab, cd);
        __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), FRACTION_BITS);
        sum = _mm_packus_epi16(_mm_packs_epi32(sum, sum), sum);
        uint32_t pixels = (uint32_t)_mm_cvtsi128_si32(sum);
        for (int r = 0; r < 4; r++) {
            out[r][i] = (uint8_t)(pixels >> (8 * r));
        }
    }
}

AVX2 static inline __m256i load32(const uint8_t *bytes) {
    return _mm256_loadu_si256((const __m256i *)bytes);
}

// One output row of the vertical pass, 32 columns at a time; returns how many columns are done.
AVX2 static size_t column_avx2(const uint8_t *in, size_t row_bytes, const cpixels_weights *w,
                               size_t row, uint8_t *out) {
    const __m256i zero = _mm256_setzero_si256();
    const int16_t *high = w->high + row * (size_t)w->stride;
    const int16_t *low = w->low + row * (size_t)w->stride;
    int32_t count = w->count[row];
    const uint8_t *top = in + (size_t)w->first[row] * row_bytes;
    size_t x = 0;
    for (; x + 32 <= row_bytes; x += 32) {
        sums_avx2 sums[4] = {{zero, zero}, {zero, zero}, {zero, zero}, {zero, zero}};
        const uint8_t *source = top + x;
        for (int32_t t = 0; t < count; t += 2, source += 2 * row_bytes) {
            __m256i first = load32(source);
            // The weight of a missing second row is zero; its memory need not exist.
            __m256i second = t + 1 < count ? load32(source + row_bytes) : zero;
            __m256i h = _mm256_set1_epi32(pair_at(high + t));
            __m256i l = _mm256_set1_epi32(pair_at(low + t));
            __m256i left = _mm256_unpacklo_epi8(first, second);
            __m256i right = _mm256_unpackhi_epi8(first, second);
            add_pairs(&sums[0], _mm256_unpacklo_epi8(left, zero), h, l);
            add_pairs(&sums[1], _mm256_unpackhi_epi8(left, zero), h, l);
            add_pairs(&sums[2], _mm256_unpacklo_epi8(right, zero), h, l);
            add_pairs(&sums[3], _mm256_unpackhi_epi8(right, zero), h, l);
        }
        __m256i left = _mm256_packs_epi32(rounded(sums[0]), rounded(sums[1]));
        __m256i right = _mm256_packs_epi32(rounded(sums[2]), rounded(sums[3]));
        _mm256_storeu_si256((__m256i *)(out + x), _mm256_packus_epi16(left, right));
    }
    return x;
}

static int has_avx2(void) { return __builtin_cpu_supports("avx2"); }

// Bytes that a vector load may read behind the last pixel that has a weight.
enum { OVERREAD = 64 };

// Groups of four rows; a last short group repeats its last row. Rows whose overread would leave
// the input are copied to memory that has room. Returns 0 when that memory cannot be had.
static int rows_avx2(const uint8_t *in, size_t in_width, size_t rows, int32_t bands,
                     const cpixels_weights *w, size_t out_width, uint8_t *out) {
    size_t in_bytes = in_width * (size_t)bands, out_bytes = out_width * (size_t)bands;
    uint8_t *copies = calloc(4, in_bytes + OVERREAD);
    if (!copies) {
        return 0;
    }
    for (size_t row = 0; row < rows; row += 4) {
        const uint8_t *sources[4];
        uint8_t *targets[4];
        for (size_t r = 0; r < 4; r++) {
            size_t y = row + r < rows ? row + r : rows - 1;
            sources[r] = in + y * in_bytes;
            targets[r] = out + y * out_bytes;
            if ((rows - 1 - y) * in_bytes < OVERREAD) {
                uint8_t *copy = copies + r * (in_bytes + OVERREAD);
                memcpy(copy, sources[r], in_bytes);
                sources[r] = copy;
            }
        }
        if (bands == 3) {
            rows_rgb_avx2(sources, w, out_width, targets);
        } else {
            rows_grey_avx2(sources, w, out_width, targets);
        }
    }
    free(copies);
    return 1;
}
#endif

// MARK: - Entry points

void cpixels_resample_rows(const uint8_t *in, size_t in_width, size_t rows, int32_t bands,
                           const cpixels_weights *weights, size_t out_width, uint8_t *out,
                           int32_t uses_simd) {
#if defined(__x86_64__)
    if (uses_simd && has_avx2() && (bands == 1 || bands == 3) &&
        rows_avx2(in, in_width, rows, bands, weights, out_width, out)) {
        return;
    }
#else
    (void)uses_simd;
#endif
    for (size_t row = 0; row < rows; row++) {
        row_portable(in + row * in_width * (size_t)bands, bands, weights, out_width,
                     out + row * out_width * (size_t)bands);
    }
}

void cpixels_resample_columns(const uint8_t *in, size_t row_bytes, const cpixels_weights *weights,
                              size_t out_first, size_t out_end, uint8_t *out, int32_t uses_simd) {
    for (size_t row = out_first; row < out_end; row++, out += row_bytes) {
        size_t done = 0;
#if defined(__x86_64__)
        if (uses_simd && has_avx2()) {
            done = column_avx2(in, row_bytes, weights, row, out);
        }
#else
        (void)uses_simd;
#endif
        column_portable(in, row_bytes, weights, row, done, row_bytes, out);
    }
}
