#include "cvips.h"

#include <pthread.h>
#include <string.h>
#include <vips/vips.h>

// Rows that are decoded at once: enough to spread the cost of a request, few enough for the cache.
#define STRIP_ROWS 64

struct cvips_image {
    VipsImage *vips;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int started = 0;
// Which loaders this build has: asked once, since the search walks all operations.
#define FORMAT_COUNT 6
static int has_loader[FORMAT_COUNT];

// The operation's name, or null for a value that is not a format.
static const char *loader_name(cvips_format format) {
    static const char *names[FORMAT_COUNT] = {"jpegload_buffer", "pngload_buffer",
                                              "webpload_buffer", "tiffload_buffer",
                                              "heifload_buffer", "jxlload_buffer"};
    return (int)format >= 0 && (int)format < FORMAT_COUNT ? names[format] : NULL;
}

// A library must not write to the user's terminal; what failed is said by the caller's error.
static void drop_message(const gchar *domain, GLogLevelFlags level, const gchar *message,
                         gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

static void start(void) {
    if (vips_init("moca") != 0) {
        vips_error_clear();
        return;
    }
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE,
                      drop_message, NULL);
    // Callers decode many images at once, so one image uses one thread; nothing is read twice, so
    // a cache would only hold memory.
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    for (int format = 0; format < FORMAT_COUNT; format++) {
        has_loader[format] =
            vips_type_find("VipsOperation", loader_name((cvips_format)format)) != 0;
    }
    started = 1;
}

static int is_started(void) {
    pthread_once(&once, start);
    return started;
}

int cvips_can_read(cvips_format format) {
    return loader_name(format) && is_started() && has_loader[format];
}

static cvips_sample sample_of(VipsBandFormat format) {
    switch (format) {
    case VIPS_FORMAT_UCHAR: return CVIPS_SAMPLE_UINT8;
    case VIPS_FORMAT_USHORT: return CVIPS_SAMPLE_UINT16;
    case VIPS_FORMAT_SHORT: return CVIPS_SAMPLE_INT16;
    case VIPS_FORMAT_UINT: return CVIPS_SAMPLE_UINT32;
    case VIPS_FORMAT_INT: return CVIPS_SAMPLE_INT32;
    case VIPS_FORMAT_FLOAT: return CVIPS_SAMPLE_FLOAT32;
    default: return CVIPS_SAMPLE_OTHER;
    }
}

static int load(const char *name, VipsBlob *blob, VipsImage **out) {
    return vips_call(name, blob, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                     VIPS_FAIL_ON_TRUNCATED, NULL);
}

cvips_status cvips_open(const void *bytes, size_t count, cvips_format format, cvips_image **out,
                        cvips_info *info) {
    if (!is_started()) {
        return CVIPS_UNAVAILABLE;
    }
    if (!cvips_can_read(format)) {
        return CVIPS_NO_LOADER;
    }
    VipsBlob *blob = vips_blob_new(NULL, bytes, count);
    VipsImage *image = NULL;
    int failed = load(loader_name(format), blob, &image);
    vips_area_unref(VIPS_AREA(blob));
    cvips_image *opened = failed ? NULL : g_try_new(cvips_image, 1);
    if (!opened) {
        if (image) {
            g_object_unref(image);
        }
        vips_error_clear();
        return CVIPS_FAILED;
    }
    opened->vips = image;
    info->width = vips_image_get_width(image);
    info->height = vips_image_get_height(image);
    info->bands = vips_image_get_bands(image);
    info->sample = sample_of(vips_image_get_format(image));
    info->pixel_bytes = (int32_t)VIPS_IMAGE_SIZEOF_PEL(image);
    info->orientation = vips_image_get_orientation(image);
    *out = opened;
    return CVIPS_OK;
}

// Strips are fetched on the calling thread: no thread pool is made for an image.
static int read_strips(VipsImage *image, VipsRegion *region, char *samples) {
    int width = vips_image_get_width(image), height = vips_image_get_height(image);
    size_t row_bytes = VIPS_IMAGE_SIZEOF_PEL(image) * (size_t)width;
    for (int top = 0; top < height; top += STRIP_ROWS) {
        VipsRect strip = {0, top, width, VIPS_MIN(STRIP_ROWS, height - top)};
        if (vips_region_prepare(region, &strip) != 0) {
            return -1;
        }
        for (int y = top; y < top + strip.height; y++) {
            memcpy(samples + row_bytes * (size_t)y, VIPS_REGION_ADDR(region, 0, y), row_bytes);
        }
    }
    return 0;
}

cvips_status cvips_read(cvips_image *image, void *samples) {
    VipsRegion *region = vips_region_new(image->vips);
    if (!region) {
        vips_error_clear();
        return CVIPS_FAILED;
    }
    int failed = read_strips(image->vips, region, samples);
    g_object_unref(region);
    if (failed) {
        vips_error_clear();
        return CVIPS_FAILED;
    }
    return CVIPS_OK;
}

void cvips_close(cvips_image *image) {
    if (image) {
        g_object_unref(image->vips);
        g_free(image);
    }
}

static VipsImage *wrap(const uint8_t *samples, int32_t width, int32_t height, int32_t bands) {
    if (!is_started() || width < 1 || height < 1 || (bands != 1 && bands != 3)) {
        return NULL;
    }
    size_t count = (size_t)width * (size_t)height * (size_t)bands;
    VipsImage *image =
        vips_image_new_from_memory(samples, count, width, height, bands, VIPS_FORMAT_UCHAR);
    if (image) {
        image->Type = bands == 3 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W;
    }
    return image;
}

static cvips_status finish(VipsImage *image, int failed, void *bytes, size_t count, uint8_t **out,
                           size_t *out_count) {
    g_object_unref(image);
    if (failed) {
        vips_error_clear();
        return CVIPS_FAILED;
    }
    *out = bytes;
    *out_count = count;
    return CVIPS_OK;
}

cvips_status cvips_encode_jpeg(const uint8_t *samples, int32_t width, int32_t height, int32_t bands,
                               int32_t quality, uint8_t **out, size_t *out_count) {
    VipsImage *image = wrap(samples, width, height, bands);
    if (!image) {
        vips_error_clear();
        return is_started() ? CVIPS_FAILED : CVIPS_UNAVAILABLE;
    }
    void *bytes = NULL;
    size_t count = 0;
    int failed = vips_jpegsave_buffer(image, &bytes, &count, "Q", quality, "strip", TRUE, NULL);
    return finish(image, failed, bytes, count, out, out_count);
}

cvips_status cvips_encode_png(const uint8_t *samples, int32_t width, int32_t height, int32_t bands,
                              int32_t compression, uint8_t **out, size_t *out_count) {
    VipsImage *image = wrap(samples, width, height, bands);
    if (!image) {
        vips_error_clear();
        return is_started() ? CVIPS_FAILED : CVIPS_UNAVAILABLE;
    }
    void *bytes = NULL;
    size_t count = 0;
    int failed = vips_pngsave_buffer(image, &bytes, &count, "compression", compression, "strip",
                                     TRUE, NULL);
    return finish(image, failed, bytes, count, out, out_count);
}

void cvips_free(uint8_t *bytes) { g_free(bytes); }
