#include "base/cleanup.h"
#include "docker/address.h"
#include "docker/image.h"
#include "test.h"
#include "vectors.h"

#include <string.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void takes_a_reference_apart(void **state)
{
	static const struct {
		const char *in, *host, *name, *tag, *digest;
	} rows[] = {
		{ "app", "", "app", "", "" },
		{ "app:1.0", "", "app", "1.0", "" },
		{ "team/app", "", "team/app", "", "" },
		{ "localhost/app", "localhost", "app", "", "" },
		{ "Upper/app", "Upper", "app", "", "" },
		{ "127.0.0.1:5000/team/app:5fdbe62", "127.0.0.1:5000", "team/app", "5fdbe62", "" },
		{ "host:5000", "", "host", "5000", "" },
		{ "[::1]:5000/app:x", "[::1]:5000", "app", "x", "" },
		{ "123456789012.dkr.ecr.us-east-1.amazonaws.com/a/b:_x",
		  "123456789012.dkr.ecr.us-east-1.amazonaws.com", "a/b", "_x", "" },
		{ "app@sha256:" HEX64, "", "app", "", "sha256:" HEX64 },
		{ "r.io/a__b/c--d.e:t@sha256:" HEX64, "r.io", "a__b/c--d.e", "t", "sha256:" HEX64 },
		{ "r.io/app@sha512+b64:" HEX64, "r.io", "app", "", "sha512+b64:" HEX64 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;

		assert_int_equal(image_ref_parse(rows[i].in, &ref, &err), 0);
		assert_string_equal(ref.host.buf, rows[i].host);
		assert_string_equal(ref.name.buf, rows[i].name);
		assert_string_equal(ref.tag.buf, rows[i].tag);
		assert_string_equal(ref.digest.buf, rows[i].digest);
	}
}

static void refuses_what_is_no_reference(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		"app:",
		"App",
		"a//b",
		"/a",
		"a/",
		"a_-b",
		"a___b",
		"a..b",
		"-a",
		"a-",
		"a:b:c",
		"a:-x",
		"a@sha256:12",
		"a@",
		"a b",
		"-host.io/a",
		"host.io:port/a",
		"a:t/b",
		"r..io/a",
		"r.io./a",
		("a@sha256:" HEX64 "0"),
		("a@256:" HEX64),
		HEX64,
		"[::1/a",
		"a:\xc3\xa9",
		"r.io/A",
		"a\n",
		"_a",
	};
	char long_tag[132];

	(void)state;
	memset(long_tag, 'a', sizeof(long_tag));
	long_tag[1] = ':';
	long_tag[131] = '\0';
	assert_false(image_tag_is_valid(long_tag + 2));
	for (size_t i = 0; i <= sizeof(rows) / sizeof(rows[0]); i++) {
		const char *in = i < sizeof(rows) / sizeof(rows[0]) ? rows[i] : long_tag;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(image_ref_release) struct image_ref ref = IMAGE_REF_INIT;

		assert_int_equal(image_ref_parse(in, &ref, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_true(err.fix.len > 0);
	}
}

static void knows_a_tag(void **state)
{
	static const struct {
		const char *in;
		bool ok;
	} rows[] = {
		{ "latest", true },
		{ "_x", true },
		{ "5fdbe62", true },
		{ "2b1fcd4fd1cd5fbfeee7d9b45bfa3ae5cd5d5f4f.11111111-2222-3333-4444-555555555555",
		  true },
		{ "", false },
		{ ".x", false },
		{ "-x", false },
		{ "a/b", false },
		{ "a:b", false },
		{ "a b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(image_tag_is_valid(rows[i].in), rows[i].ok);
}

/* The three pieces of knowledge about a host, as the vectors have them. */
static bool is_valid_registry(const char *host, struct str *account, struct str *region)
{
	return ecr_host_parse(host, account, region) || ecr_host_is_public(host);
}

static void recognises_the_hosts_of_ecr(void **state)
{
	json_auto_t *vectors = vectors_read("ecr-registry/extract-registry.json");
	size_t i;
	json_t *row;

	(void)state;
	assert_int_equal(json_array_size(vectors), 29);
	json_array_foreach(vectors, i, row)
	{
		const char *input = json_string_value(json_object_get(row, "input"));
		const char *want = json_string_value(json_object_get(row, "account"));
		CLEANUP(str_release) struct str host = STR_INIT;
		CLEANUP(str_release) struct str account = STR_INIT;
		CLEANUP(str_release) struct str region = STR_INIT;

		address_host(input, &host);
		assert_int_equal(is_valid_registry(host.buf, &account, &region),
				 json_is_true(json_object_get(row, "valid")));
		assert_string_equal(account.buf, want ? want : "");
		if (!want)
			continue;
		assert_string_equal(region.buf, json_string_value(json_object_get(row, "region")));
		assert_int_equal(ecr_host_is_fips(host.buf),
				 json_is_true(json_object_get(row, "fips")));
	}
	print_message("# hosts of ECR: %zu/29\n", i);
}

static void agrees_with_kubernetes_about_hosts(void **state)
{
	json_auto_t *vectors = vectors_read("ecr-registry/k8s-ecr-credential-provider.json");
	json_t *matches = json_object_get(vectors, "pattern_match");
	json_t *regions = json_object_get(vectors, "parse_region");
	size_t i;
	json_t *row;

	(void)state;
	assert_int_equal(json_array_size(matches), 25);
	assert_int_equal(json_array_size(regions), 11);
	json_array_foreach(matches, i, row)
	{
		CLEANUP(str_release) struct str account = STR_INIT;
		CLEANUP(str_release) struct str region = STR_INIT;
		const char *host = json_string_value(json_object_get(row, "host"));

		assert_int_equal(ecr_host_parse(host, &account, &region),
				 json_is_true(json_object_get(row, "match")));
	}
	print_message("# hosts of ECR, Kubernetes' patterns: %zu/25\n", i);
	json_array_foreach(regions, i, row)
	{
		CLEANUP(str_release) struct str account = STR_INIT;
		CLEANUP(str_release) struct str region = STR_INIT;

		(void)ecr_host_parse(json_string_value(json_object_get(row, "host")), &account,
				     &region);
		assert_string_equal(region.buf, json_string_value(json_object_get(row, "region")));
	}
	print_message("# hosts of ECR, Kubernetes' regions: %zu/11\n", i);
}

static void finds_the_host_of_an_address_as_the_docker_cli_does(void **state)
{
	json_auto_t *vectors = vectors_read("docker/convert-to-hostname.json");
	size_t i;
	json_t *row;

	(void)state;
	assert_int_equal(json_array_size(vectors), 20);
	json_array_foreach(vectors, i, row)
	{
		CLEANUP(str_release) struct str host = STR_INIT;

		address_host(json_string_value(json_object_get(row, "input")), &host);
		assert_string_equal(host.buf, json_string_value(json_object_get(row, "expected")));
	}
	print_message("# hosts of registry addresses: %zu/20\n", i);
}

static void normalises_an_address_as_credential_helpers_do(void **state)
{
	json_auto_t *vectors = vectors_read("docker/registryurl-parse.json");
	size_t i;
	json_t *row;

	(void)state;
	assert_int_equal(json_array_size(vectors), 9);
	json_array_foreach(vectors, i, row)
	{
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;
		const char *want = json_string_value(json_object_get(row, "expected"));
		const char *url = json_string_value(json_object_get(row, "url"));

		assert_int_equal(address_normalize(url, &out, &err), want ? 0 : -1);
		if (want)
			assert_string_equal(out.buf, want);
		else
			assert_string_equal(err.msg.buf,
					    json_string_value(json_object_get(row, "error")));
	}
	print_message("# addresses normalised: %zu/9\n", i);
}

static void takes_no_address_without_a_host(void **state)
{
	static const char *const rows[][2] = {
		{ "", "no hostname in URL" },
		{ "/v2/", "no hostname in URL" },
		{ "//", "no hostname in URL" },
		{ "https:///v2/", "no hostname in URL" },
		{ "ftp://r.example", "unsupported scheme: ftp" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;

		assert_int_equal(address_normalize(rows[i][0], &out, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_string_equal(err.msg.buf, rows[i][1]);
		assert_int_equal(out.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_reference_apart),
		cmocka_unit_test(refuses_what_is_no_reference),
		cmocka_unit_test(knows_a_tag),
		cmocka_unit_test(recognises_the_hosts_of_ecr),
		cmocka_unit_test(agrees_with_kubernetes_about_hosts),
		cmocka_unit_test(finds_the_host_of_an_address_as_the_docker_cli_does),
		cmocka_unit_test(normalises_an_address_as_credential_helpers_do),
		cmocka_unit_test(takes_no_address_without_a_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
