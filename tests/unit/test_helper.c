#include "base/cleanup.h"
#include "docker/helper.h"
#include "test.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Knows two hosts, and fails for a third. */
static int get(void *ctx, const char *host, struct str *ret_username, struct secret *ret_password,
	       struct error *err)
{
	(void)ctx;
	if (strcmp(host, "known.example") == 0 || strcmp(host, "127.0.0.1:5000") == 0) {
		str_adds(ret_username, "AWS");
		secret_sets(ret_password, "tok\"en");
		return 0;
	}
	if (strcmp(host, "denied.example") == 0)
		return error_set(err, ERROR_AUTH, "no credentials: tried everything");
	error_set(err, ERROR_CONFIG, "not ours");
	error_set_code(err, "NotFound");
	return -1;
}

static int list(void *ctx, struct strv *ret_hosts, struct error *err)
{
	(void)ctx;
	(void)err;
	strv_add_all(ret_hosts, "a.example", "b.example:5000", NULL);
	return 0;
}

static const struct helper helper = { .get = get, .list = list };

static void speaks_the_protocol_of_docker_s_helpers(void **state)
{
	static const struct {
		const char *action, *input;
		int result;
		const char *out;
	} rows[] = {
		{ "get", "known.example", 0,
		  "{\"ServerURL\":\"known.example\",\"Username\":\"AWS\",\"Secret\":\"tok\\\"en\"}"
		  "\n" },
		{ "get", "https://known.example/v2/\n", 0,
		  "{\"ServerURL\":\"https://known.example/v2/\",\"Username\":\"AWS\",\"Secret\":"
		  "\"tok\\\"en\"}\n" },
		{ "get", " 127.0.0.1:5000\r\n", 0,
		  "{\"ServerURL\":\"127.0.0.1:5000\",\"Username\":\"AWS\",\"Secret\":\"tok\\\"en\"}"
		  "\n" },
		{ "get", "other.example", -1, "credentials not found in native keychain\n" },
		{ "get", "denied.example", -1, "no credentials: tried everything\n" },
		{ "get", "", -1, "no credentials server URL\n" },
		{ "get", " \n", -1, "no credentials server URL\n" },
		{ "get", "ftp://known.example", -1, "unsupported scheme: ftp\n" },
		{ "store", "{\"ServerURL\":\"h\",\"Username\":\"u\",\"Secret\":\"s\"}", 0, "" },
		{ "store", "{\"ServerURL\":\"\",\"Username\":\"u\"}", -1,
		  "no credentials server URL\n" },
		{ "store", "{\"ServerURL\":\"h\",\"Username\":\"\"}", -1,
		  "no credentials username\n" },
		{ "erase", "h\n", 0, "" },
		{ "erase", "", -1, "no credentials server URL\n" },
		{ "list", "", 0,
		  "{\"https://a.example\":\"AWS\",\"https://b.example:5000\":\"AWS\"}\n" },
		{ "version", "", 0,
		  "docker-credential-deployer (deployer) " DEPLOYER_VERSION "\n" },
		{ "", "", -1, "usage: docker-credential-deployer get|store|erase|list|version\n" },
		{ "GET", "", -1,
		  "usage: docker-credential-deployer get|store|erase|list|version\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str input = STR_INIT;
		CLEANUP(str_release) struct str out = STR_INIT;

		str_adds(&input, rows[i].input);
		assert_int_equal(helper_run(&helper, rows[i].action, &input, &out, &err),
				 rows[i].result);
		assert_string_equal(out.buf, rows[i].out);
		assert_int_equal(err.kind != ERROR_NONE, rows[i].result < 0);
	}
}

static void refuses_to_store_what_is_no_json(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str input = STR_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;

	(void)state;
	str_adds(&input, "{");
	assert_int_equal(helper_run(&helper, "store", &input, &out, &err), -1);
	assert_true(out.len > 1);
}

static void reads_its_own_answer(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	CLEANUP(secret_release) struct secret back = SECRET_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str username = STR_INIT;

	(void)state;
	secret_sets(&password, "a\\b\"\n\xc3\xa9");
	helper_write("h", "AWS", &password, &text);
	assert_int_equal(helper_read(&text, &username, &back, &err), 0);
	assert_string_equal(username.buf, "AWS");
	assert_string_equal(secret_bytes(&back), secret_bytes(&password));
	str_reset(&text);
	str_adds(&text, "{\"Username\":\"AWS\"}");
	assert_int_equal(helper_read(&text, &username, &back, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_the_protocol_of_docker_s_helpers),
		cmocka_unit_test(refuses_to_store_what_is_no_json),
		cmocka_unit_test(reads_its_own_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
