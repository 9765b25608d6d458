// libvips behind a small C header: encoded bytes to the samples that the file holds, and RGB or
// grey samples back to JPEG or PNG. One image is used by one thread; different images may be
// used by different threads at once.
#ifndef CVIPS_H
#define CVIPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The loaders that may be used; the caller has recognised the format from the first bytes.
typedef enum {
    CVIPS_JPEG = 0,
    CVIPS_PNG = 1,
    CVIPS_WEBP = 2,
    CVIPS_TIFF = 3,
    CVIPS_HEIF = 4,
    CVIPS_JXL = 5,
} cvips_format;

/// The type of one sample.
typedef enum {
    CVIPS_SAMPLE_UINT8 = 0,
    CVIPS_SAMPLE_UINT16 = 1,
    CVIPS_SAMPLE_INT16 = 2,
    CVIPS_SAMPLE_UINT32 = 3,
    CVIPS_SAMPLE_INT32 = 4,
    CVIPS_SAMPLE_FLOAT32 = 5,
    CVIPS_SAMPLE_OTHER = 6,
} cvips_sample;

typedef enum {
    CVIPS_OK = 0,
    /// libvips cannot start.
    CVIPS_UNAVAILABLE = 1,
    /// This build of libvips has no loader for the format.
    CVIPS_NO_LOADER = 2,
    /// The header or the pixels cannot be read, or the samples cannot be written.
    CVIPS_FAILED = 3,
} cvips_status;

/// What the header of a file says.
typedef struct {
    int32_t width;
    int32_t height;
    int32_t bands;
    cvips_sample sample;
    /// Bytes of one pixel: bands times the size of a sample.
    int32_t pixel_bytes;
    /// How to turn the pixels, as the Orientation tag of EXIF and TIFF says it: 1 to 8.
    int32_t orientation;
} cvips_info;

/// An opened image whose pixels have not been read.
typedef struct cvips_image cvips_image;

/// Reads the header of `count` bytes. They must stay valid until `cvips_close`. On success `*out`
/// is owned by the caller, who closes it; on failure `*out` and `*info` are left untouched.
cvips_status cvips_open(const void *bytes, size_t count, cvips_format format, cvips_image **out,
                        cvips_info *info);

/// Decodes all pixels into `samples`: `height` rows of `width * pixel_bytes` bytes, native byte
/// order. A truncated file is a failure.
cvips_status cvips_read(cvips_image *image, void *samples);

/// Closes the image; null is allowed.
void cvips_close(cvips_image *image);

/// Encodes 8-bit samples (`bands` 1 or 3, no gaps between rows) as JPEG. On success `*out` is
/// freed by `cvips_free`; on failure the out-pointers are left untouched.
cvips_status cvips_encode_jpeg(const uint8_t *samples, int32_t width, int32_t height, int32_t bands,
                               int32_t quality, uint8_t **out, size_t *out_count);

/// Encodes 8-bit samples as PNG, like `cvips_encode_jpeg`; `compression` is 0 to 9.
cvips_status cvips_encode_png(const uint8_t *samples, int32_t width, int32_t height, int32_t bands,
                              int32_t compression, uint8_t **out, size_t *out_count);

/// Frees what an encoder returned.
void cvips_free(uint8_t *bytes);

/// Whether this build of libvips can read the format.
int cvips_can_read(cvips_format format);

#ifdef __cplusplus
}
#endif

#endif
