// The locale of libarchive's calls.

#ifndef CARCHIVE_LOCALES_H
#define CARCHIVE_LOCALES_H

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

/// Gives the calling thread a UTF-8 locale, and returns the one that it had.
locale_t locale_enter(void);

/// Gives the thread back the locale that `locale_enter` returned.
void locale_leave(locale_t before);

#endif // CARCHIVE_LOCALES_H
