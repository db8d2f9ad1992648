#ifndef DATA_CRYPTO_H
#define DATA_CRYPTO_H

#include <stddef.h>
#include <sys/types.h>

/*
 * What data/digest.h needs of a library. crypto_openssl.c has it; crypto_mbedtls.c is for a program
 * that must be small.
 */

#define CRYPTO_SHA256_LEN 32
#define CRYPTO_SHA1_LEN	  20

void crypto_sha256(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA256_LEN]);
void crypto_sha1(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA1_LEN]);
void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[CRYPTO_SHA256_LEN]);

/* Writes (len + 2) / 3 * 4 characters and a NUL; returns their number. */
size_t crypto_base64_encode(const void *bytes, size_t len, unsigned char *ret_text);

/* Of a text of base64's letters with its padding. Writes len / 4 * 3 bytes at most; -1 where it is
 * none after all. */
ssize_t crypto_base64_decode(const char *text, size_t len, unsigned char *ret_bytes);

#endif
