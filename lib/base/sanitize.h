#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#include "base/str.h"

#include <stddef.h>

/*
 * Appends bytes from outside in a form that is safe to print: the one place that every remote
 * string passes on its way to a terminal or a log.
 *
 * Kept: printable UTF-8 and TAB. Left out: CR, and control sequences that begin with ESC [ (ECMA-48
 * section 5.4), as programs print them for colours. Replaced by '?': other C0 controls (ESC, LF
 * ...), DEL, C1 controls (U+0080 to U+009F, among them CSI), bidirectional controls (U+202A to
 * U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C), zero-width characters (U+200B to U+200D,
 * U+2060, U+FEFF), line and paragraph separators, surrogates, and bytes that are not UTF-8 (one '?'
 * a byte).
 */
void sanitize(struct str *out, const char *bytes, size_t len);
void sanitize_text(struct str *out, const char *text);

/*
 * Decodes one UTF-8 character (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) of at
 * most `len` bytes. Returns its length, or 0 where the bytes are none.
 */
size_t utf8_decode(const char *bytes, size_t len, unsigned *ret_code);

#endif
