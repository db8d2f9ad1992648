#include "data/digest.h"

#include "base/mem.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char base64_alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void digest_sha256_hex(struct str *out, const void *bytes, size_t len)
{
	unsigned char digest[DIGEST_SHA256_LEN];

	if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes, len, digest, NULL))
		mem_fatal("SHA-256");
	hex_encode(out, digest, sizeof(digest));
}

struct sha256 {
	EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *sha256 = mem_zalloc(sizeof(*sha256));

	sha256->context = EVP_MD_CTX_new();
	if (!sha256->context || !EVP_DigestInit_ex(sha256->context, EVP_sha256(), NULL))
		mem_fatal("SHA-256");
	return sha256;
}

void sha256_add(struct sha256 *sha256, const void *bytes, size_t len)
{
	if (!EVP_DigestUpdate(sha256->context, bytes, len))
		mem_fatal("SHA-256");
}

void sha256_finish(struct sha256 *sha256, struct str *out)
{
	unsigned char digest[DIGEST_SHA256_LEN];

	if (!EVP_DigestFinal_ex(sha256->context, digest, NULL))
		mem_fatal("SHA-256");
	hex_encode(out, digest, sizeof(digest));
}

void sha256_free(struct sha256 *sha256)
{
	if (!sha256)
		return;
	EVP_MD_CTX_free(sha256->context);
	free(sha256);
}

void digest_sha1_hex(struct str *out, const void *bytes, size_t len)
{
	unsigned char digest[20];

	if (!EVP_Q_digest(NULL, "SHA1", NULL, bytes, len, digest, NULL))
		mem_fatal("SHA-1");
	hex_encode(out, digest, sizeof(digest));
}

void digest_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[DIGEST_SHA256_LEN])
{
	unsigned char mac[DIGEST_SHA256_LEN];

	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, bytes, len, mac,
		       sizeof(mac), NULL))
		mem_fatal("HMAC-SHA-256");
	memcpy(ret_mac, mac, sizeof(mac));
	OPENSSL_cleanse(mac, sizeof(mac));
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
	int written;

	if (len > INT_MAX / 4 * 3 - 3)
		mem_fatal("base64 of more than 1.5 GiB");
	text = mem_zalloc((len + 2) / 3 * 4 + 1);
	written = EVP_EncodeBlock(text, bytes, (int)len);
	str_add(out, text, (size_t)written);
	OPENSSL_cleanse(text, (size_t)written);
	free(text);
}

/* How many '=' end the text, or -1 where its form is not base64's: EVP_DecodeBlock() trims and
 * forgives, and counts padding as bytes. */
static int padding_of(const char *text, size_t len)
{
	int padding = 0;

	if (len % 4 || len > INT_MAX)
		return -1;
	while (padding < 2 && len && text[len - 1] == '=') {
		len--;
		padding++;
	}
	for (size_t i = 0; i < len; i++) {
		if (!text[i] || !strchr(base64_alphabet, text[i]))
			return -1;
	}
	return padding;
}

bool base64_decode(struct str *out, const char *text, size_t len)
{
	int padding = padding_of(text, len);
	unsigned char *bytes;
	int written;

	if (padding < 0)
		return false;
	bytes = mem_zalloc(len / 4 * 3 + 1);
	written = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
	if (written >= padding)
		str_add(out, bytes, (size_t)(written - padding));
	OPENSSL_cleanse(bytes, len / 4 * 3);
	free(bytes);
	return written >= padding;
}
