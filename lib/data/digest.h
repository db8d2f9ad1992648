#ifndef DATA_DIGEST_H
#define DATA_DIGEST_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Hashes and text forms of bytes, over data/crypto.h. Nothing here fails but base64_decode(). */

#define DIGEST_SHA256_LEN 32

/* Appends the SHA-256 (FIPS 180-4) of the bytes as 64 lower-case hexadecimal digits. */
void digest_sha256_hex(struct str *out, const void *bytes, size_t len);

/* The same for bytes that come piece by piece. sha256_finish() appends the digits, after which no
 * more may be added. Owned by the caller: sha256_free(). */
struct sha256;

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha256, const void *bytes, size_t len);
void sha256_finish(struct sha256 *sha256, struct str *out);
void sha256_free(struct sha256 *sha256);

/* The same with SHA-1, as 40 digits: for names that others chose, never for security. */
void digest_sha1_hex(struct str *out, const void *bytes, size_t len);

/* HMAC-SHA-256 (RFC 2104). `ret_mac` may be `key`. */
void digest_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[DIGEST_SHA256_LEN]);

/* Appends bytes as lower-case hexadecimal digits. */
void hex_encode(struct str *out, const void *bytes, size_t len);

/* Appends bytes in base64 with padding (RFC 4648 section 4). */
void base64_encode(struct str *out, const void *bytes, size_t len);

/*
 * Appends what the base64 text stands for, in one piece: str_wipe() leaves no copy behind. False
 * where the text is not whole, padded base64; *out is then untouched.
 */
bool base64_decode(struct str *out, const char *text, size_t len);

#endif
