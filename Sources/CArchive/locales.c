#include "locales.h"

#include <pthread.h>

// libarchive converts names by the thread's locale, and drops what "C" cannot say: its calls run
// under UTF-8, whatever the program's locale.
static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8;

static void make_locale(void) {
    utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8) {
        utf8 = newlocale(LC_CTYPE_MASK, "en_US.UTF-8", (locale_t)0);
    }
}

locale_t locale_enter(void) {
    pthread_once(&once, make_locale);
    return utf8 ? uselocale(utf8) : (locale_t)0;
}

void locale_leave(locale_t before) {
    if (before) {
        uselocale(before);
    }
}
