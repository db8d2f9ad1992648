#include "data/crypto.h"

#include "base/mem.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>

void crypto_sha256(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA256_LEN])
{
	if (mbedtls_sha256_ret(bytes, len, ret_digest, 0))
		mem_fatal("SHA-256");
}

void crypto_sha1(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA1_LEN])
{
	if (mbedtls_sha1_ret(bytes, len, ret_digest))
		mem_fatal("SHA-1");
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[CRYPTO_SHA256_LEN])
{
	if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_len, bytes, len,
			    ret_mac))
		mem_fatal("HMAC-SHA-256");
}

size_t crypto_base64_encode(const void *bytes, size_t len, unsigned char *ret_text)
{
	size_t written = 0;

	if (mbedtls_base64_encode(ret_text, (len + 2) / 3 * 4 + 1, &written, bytes, len))
		mem_fatal("base64");
	return written;
}

ssize_t crypto_base64_decode(const char *text, size_t len, unsigned char *ret_bytes)
{
	size_t written = 0;

	if (mbedtls_base64_decode(ret_bytes, len / 4 * 3, &written, (const unsigned char *)text,
				  len))
		return -1;
	return (ssize_t)written;
}
