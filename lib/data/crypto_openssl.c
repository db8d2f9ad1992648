#include "data/crypto.h"

#include "base/mem.h"
#include "data/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

void crypto_sha256(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA256_LEN])
{
	if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes, len, ret_digest, NULL))
		mem_fatal("SHA-256");
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

void crypto_sha1(const void *bytes, size_t len, unsigned char ret_digest[CRYPTO_SHA1_LEN])
{
	if (!EVP_Q_digest(NULL, "SHA1", NULL, bytes, len, ret_digest, NULL))
		mem_fatal("SHA-1");
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
			unsigned char ret_mac[CRYPTO_SHA256_LEN])
{
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, bytes, len, ret_mac,
		       CRYPTO_SHA256_LEN, NULL))
		mem_fatal("HMAC-SHA-256");
}

size_t crypto_base64_encode(const void *bytes, size_t len, unsigned char *ret_text)
{
	return (size_t)EVP_EncodeBlock(ret_text, bytes, (int)len);
}

ssize_t crypto_base64_decode(const char *text, size_t len, unsigned char *ret_bytes)
{
	ssize_t count = EVP_DecodeBlock(ret_bytes, (const unsigned char *)text, (int)len);

	/* It counts padding as bytes. */
	for (; count > 0 && len && text[len - 1] == '='; len--)
		count--;
	return count;
}
