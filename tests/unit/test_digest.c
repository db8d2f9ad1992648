#include "base/cleanup.h"
#include "data/digest.h"
#include "test.h"

#include <string.h>

/* FIPS 180-4, the examples of "SHA256" at NIST. */
static void hashes_the_examples_of_the_standard(void **state)
{
	CLEANUP(str_release) struct str hex = STR_INIT;

	(void)state;
	digest_sha256_hex(&hex, "abc", 3);
	assert_string_equal(hex.buf,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	str_reset(&hex);
	digest_sha256_hex(&hex, "", 0);
	assert_string_equal(hex.buf,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test case 2. */
static void authenticates_the_example_of_the_standard(void **state)
{
	CLEANUP(str_release) struct str hex = STR_INIT;
	unsigned char mac[DIGEST_SHA256_LEN];

	(void)state;
	digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
	hex_encode(&hex, mac, sizeof(mac));
	assert_string_equal(hex.buf,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 4648, section 10. */
static void writes_and_reads_base64(void **state)
{
	static const struct {
		const char *plain, *text;
	} rows[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP(str_release) struct str plain = STR_INIT;

		base64_encode(&text, rows[i].plain, strlen(rows[i].plain));
		assert_string_equal(text.buf, rows[i].text);
		assert_true(base64_decode(&plain, text.buf, text.len));
		assert_int_equal(plain.len, strlen(rows[i].plain));
		assert_string_equal(plain.buf, rows[i].plain);
	}
}

static void refuses_what_is_not_base64(void **state)
{
	static const char *const rows[] = { "Z",    "Zg",    "Zg=",  "Zg==Zg==", "Zm9v\n",
					    "====", "Zm 9v", "Zm9-", "Z===" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str plain = STR_INIT;

		assert_false(base64_decode(&plain, rows[i], strlen(rows[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_the_examples_of_the_standard),
		cmocka_unit_test(authenticates_the_example_of_the_standard),
		cmocka_unit_test(writes_and_reads_base64),
		cmocka_unit_test(refuses_what_is_not_base64),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
