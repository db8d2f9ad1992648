#include "data/digest.h"

#include "base/mem.h"
#include "data/crypto.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void digest_sha256_hex(struct str *out, const void *bytes, size_t len)
{
	unsigned char digest[DIGEST_SHA256_LEN];

	crypto_sha256(bytes, len, digest);
	hex_encode(out, digest, sizeof(digest));
}

void digest_sha1_hex(struct str *out, const void *bytes, size_t len)
{
	unsigned char digest[CRYPTO_SHA1_LEN];

	crypto_sha1(bytes, len, digest);
	hex_encode(out, digest, sizeof(digest));
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[DIGEST_SHA256_LEN])
{
	unsigned char mac[DIGEST_SHA256_LEN];

	crypto_hmac_sha256(key, key_len, bytes, len, mac);
	memcpy(ret_mac, mac, sizeof(mac));
	explicit_bzero(mac, sizeof(mac));
}

void hex_encode(struct str *out, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++) {
		str_addc(out, "0123456789abcdef"[byte[i] >> 4]);
		str_addc(out, "0123456789abcdef"[byte[i] & 15]);
	}
}

void base64_encode(struct str *out, const void *bytes, size_t len)
{
	unsigned char *text;
	size_t written;

	if (len > INT_MAX / 4 * 3 - 3)
		mem_fatal("base64 of more than 1.5 GiB");
	text = mem_zalloc((len + 2) / 3 * 4 + 1);
	written = crypto_base64_encode(bytes, len, text);
	str_add(out, text, written);
	explicit_bzero(text, written);
	free(text);
}

/* Whether it is base64 to the letter: libraries trim and forgive. */
static bool is_base64(const char *text, size_t len)
{
	if (len % 4 || len > INT_MAX)
		return false;
	for (int padding = 0; padding < 2 && len && text[len - 1] == '='; padding++)
		len--;
	for (size_t i = 0; i < len; i++) {
		if (!text[i] || !strchr(base64_alphabet, text[i]))
			return false;
	}
	return true;
}

bool base64_decode(struct str *out, const char *text, size_t len)
{
	unsigned char *bytes;
	ssize_t written;

	if (!is_base64(text, len))
		return false;
	bytes = mem_zalloc(len / 4 * 3 + 1);
	written = crypto_base64_decode(text, len, bytes);
	if (written >= 0)
		str_add(out, bytes, (size_t)written);
	explicit_bzero(bytes, len / 4 * 3);
	free(bytes);
	return written >= 0;
}
