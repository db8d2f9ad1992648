#include "aws/dpop.h"

#include "base/cleanup.h"
#include "data/digest.h"
#include "data/json.h"

#include <inttypes.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

/* Of a coordinate of P-256, and of each half of an ES256 signature (RFC 7518 section 3.4). */
#define NUMBER_LEN 32

static void key_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void context_freep(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

static void number_freep(BIGNUM **number)
{
	BN_free(*number);
}

static void signature_freep(ECDSA_SIG **signature)
{
	ECDSA_SIG_free(*signature);
}

/* RFC 7515 section 2: base64 with - and _, without padding. */
static void base64url_encode(struct str *out, const void *bytes, size_t len)
{
	size_t start = out->len;

	base64_encode(out, bytes, len);
	while (out->len > start && out->buf[out->len - 1] == '=')
		str_cut(out, out->len - 1);
	for (size_t i = start; i < out->len; i++) {
		if (out->buf[i] == '+')
			out->buf[i] = '-';
		else if (out->buf[i] == '/')
			out->buf[i] = '_';
	}
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	char group[64] = "";

	BIO_free(bio);
	if (!key ||
	    !EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					    NULL) ||
	    strcmp(group, "prime256v1") != 0) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static int add_coordinate(const EVP_PKEY *key, const char *name, struct str *out)
{
	CLEANUP(number_freep) BIGNUM *number = NULL;
	unsigned char bytes[NUMBER_LEN];

	if (!EVP_PKEY_get_bn_param(key, name, &number) ||
	    BN_bn2binpad(number, bytes, sizeof(bytes)) != sizeof(bytes))
		return -1;
	base64url_encode(out, bytes, sizeof(bytes));
	return 0;
}

static int add_header(const EVP_PKEY *key, struct str *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"");
	if (add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, &text) < 0)
		return -1;
	str_adds(&text, "\",\"y\":\"");
	if (add_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, &text) < 0)
		return -1;
	str_adds(&text, "\",\"crv\":\"P-256\"}}");
	base64url_encode(out, text.buf, text.len);
	return 0;
}

static void add_payload(const char *url, int64_t wall_ms, const char *id, struct str *out)
{
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text, "{\"htm\":\"POST\",\"htu\":");
	json_quote(&text, url);
	str_addf(&text, ",\"iat\":%" PRId64 ",\"jti\":", wall_ms / 1000);
	json_quote(&text, id);
	str_addc(&text, '}');
	base64url_encode(out, text.buf, text.len);
}

/* OpenSSL signs in ASN.1; JWS wants the two numbers side by side. */
static int add_numbers(const unsigned char *der, size_t len, struct str *out)
{
	CLEANUP(signature_freep)
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
	unsigned char bytes[2 * NUMBER_LEN];

	if (!signature ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, NUMBER_LEN) != NUMBER_LEN ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + NUMBER_LEN, NUMBER_LEN) != NUMBER_LEN)
		return -1;
	base64url_encode(out, bytes, sizeof(bytes));
	return 0;
}

static int add_signature(EVP_PKEY *key, struct str *out)
{
	CLEANUP(context_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[128];
	size_t len = sizeof(der);

	if (!context || !EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) ||
	    EVP_DigestSign(context, der, &len, (const unsigned char *)out->buf, out->len) <= 0)
		return -1;
	str_addc(out, '.');
	return add_numbers(der, len, out);
}

int dpop_prove(const char *pem, const char *url, int64_t wall_ms, const char *id, struct str *out,
	       struct error *err)
{
	CLEANUP(key_freep) EVP_PKEY *key = read_key(pem);
	CLEANUP(str_release) struct str proof = STR_INIT;

	if (!key || add_header(key, &proof) < 0)
		return error_set(err, ERROR_AUTH, "it is not a P-256 private key in PEM");
	str_addc(&proof, '.');
	add_payload(url, wall_ms, id, &proof);
	if (add_signature(key, &proof) < 0)
		return error_set(err, ERROR_AUTH, "the key cannot sign");
	str_add(out, proof.buf, proof.len);
	return 0;
}
