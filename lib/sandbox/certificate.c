#include "sandbox/certificate.h"

#include "base/cleanup.h"
#include "base/random.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define LIFETIME_S (24L * 60 * 60)
#define SLACK_S	   300L /* a clock that is behind */

static void free_key(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void free_certificate(X509 **certificate)
{
	X509_free(*certificate);
}

static void free_bio(BIO **bio)
{
	(void)BIO_free(*bio);
}

static int add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	int result = extension ? X509_add_ext(certificate, extension, -1) : 0;

	X509_EXTENSION_free(extension);
	return result;
}

/* OpenSSL's functions return 1 where they succeed. */
static int fill(X509 *certificate, EVP_PKEY *key, const char *address)
{
	X509_NAME *name = X509_get_subject_name(certificate);
	CLEANUP(str_release) struct str names = STR_INIT;

	str_addf(&names, "IP:%s", address);
	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate),
				1 + (long)(random_fraction() * 1e9)) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -SLACK_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate), LIFETIME_S) &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)"deployer-sandbox", -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(certificate, name) == 1 &&
	       add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") == 1 &&
	       add_extension(certificate, NID_subject_alt_name, names.buf) == 1 &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static void take_text(BIO *bio, struct str *out)
{
	char *bytes;
	long len = BIO_get_mem_data(bio, &bytes);

	str_add(out, bytes, (size_t)len);
}

int certificate_make(const char *address, struct str *ret_key, struct str *ret_certificate,
		     struct error *err)
{
	CLEANUP(free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(free_certificate) X509 *certificate = X509_new();
	CLEANUP(free_bio) BIO *key_bio = BIO_new(BIO_s_secmem());
	CLEANUP(free_bio) BIO *certificate_bio = BIO_new(BIO_s_mem());

	if (!key || !certificate || !key_bio || !certificate_bio ||
	    !fill(certificate, key, address) ||
	    PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_X509(certificate_bio, certificate) != 1)
		return error_set(err, ERROR_SYSTEM, "cannot make a certificate for %s", address);
	take_text(key_bio, ret_key);
	take_text(certificate_bio, ret_certificate);
	return 0;
}
