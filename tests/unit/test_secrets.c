#include "aws_fixture.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "secrets/document.h"
#include "secrets/environment.h"
#include "secrets/environment_file.h"
#include "secrets/fetch.h"
#include "secrets/reference.h"
#include "secrets/settings.h"
#include "secrets/store.h"
#include "test.h"

#include <string.h>

/* How many random secrets go round; DEPLOYER_ROUND_TRIPS has another number. */
#define ROUND_TRIPS 20000

static const struct secrets_rules plain = { .report = &report_none };

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void reads_references(void **state)
{
	static const struct {
		const char *text;
		enum secrets_kind kind;
		const char *parts; /* variable id key stage version */
	} rows[] = {
		{ "app", SECRETS_SECRET, "- app - - -" },
		{ "a/b_c+d=e.f@g-h", SECRETS_SECRET, "- a/b_c+d=e.f@g-h - - -" },
		{ "app:KEY", SECRETS_SECRET, "- app KEY - -" },
		{ "app:KEY:STAGE:VERSION", SECRETS_SECRET, "- app KEY STAGE VERSION" },
		{ "app::STAGE:", SECRETS_SECRET, "- app - STAGE -" },
		{ "app:::v1", SECRETS_SECRET, "- app - - v1" },
		{ "V=app:KEY", SECRETS_SECRET, "V app KEY - -" },
		{ "secretsmanager:app", SECRETS_SECRET, "- app - - -" },
		{ "V=secretsmanager:a/pp#K:E#Y", SECRETS_SECRET, "V a/pp K:E#Y - -" },
		{ "V=secretsmanager:arn:aws:secretsmanager:r:1:secret:app-AbCdEf#KEY",
		  SECRETS_SECRET, "V arn:aws:secretsmanager:r:1:secret:app-AbCdEf KEY - -" },
		{ "ssm:/a/B", SECRETS_PARAMETER, "- /a/B - - -" },
		{ "ssm:B:3", SECRETS_PARAMETER, "- B:3 - - -" },
		{ "V=ssm:/a/B", SECRETS_PARAMETER, "V /a/B - - -" },
		{ "ssm:/a/", SECRETS_PARAMETERS, "- /a/ - - -" },
		{ "arn:aws:secretsmanager:eu-west-1:1:secret:app-AbCdEf", SECRETS_SECRET,
		  "- arn:aws:secretsmanager:eu-west-1:1:secret:app-AbCdEf - - -" },
		{ "arn:aws:secretsmanager:eu-west-1:1:secret:app-AbCdEf:KEY:STAGE:V",
		  SECRETS_SECRET,
		  "- arn:aws:secretsmanager:eu-west-1:1:secret:app-AbCdEf KEY STAGE V" },
		{ "arn:aws:ssm:eu-west-1:1:parameter/a/B", SECRETS_PARAMETER,
		  "- arn:aws:ssm:eu-west-1:1:parameter/a/B - - -" },
		{ "arn:aws:ssm:eu-west-1:1:parameter/a/", SECRETS_PARAMETERS, "- /a/ - - -" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(secrets_references_release)
		struct secrets_references list = SECRETS_REFERENCES_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;
		const struct secrets_reference *first;

		assert_int_equal(secrets_references_parse(&list, rows[i].text, false, &err), 0);
		assert_int_equal(list.count, 1);
		first = &list.items[0];
		str_addf(&got, "%s %s %s %s %s", or_dash(first->variable), or_dash(first->id),
			 or_dash(first->key), or_dash(first->stage), or_dash(first->version));
		assert_string_equal(got.buf, rows[i].parts);
		assert_int_equal(first->kind, rows[i].kind);
	}
}

static void refuses_what_names_no_secret(void **state)
{
	static const char *const rows[] = {
		"app:a:b:c:d",
		":KEY",
		"V=",
		"ap\"p",
		"ssm:",
		"ssm:path/",
		"secretsmanager:#KEY",
		"app#KEY",
		"V=ssm:/a/",
		"arn:aws:s3:::bucket",
		"arn:aws:ssm:r:1:document/x",
		"arn:aws:secretsmanager",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(secrets_references_release)
		struct secrets_references list = SECRETS_REFERENCES_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(secrets_references_parse(&list, rows[i], false, &err), -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.msg.buf, rows[i]));
	}
}

static void splits_at_blanks_lines_and_commas(void **state)
{
	char required[] = "SECRETS=a,b\n c\t\td ,, a", optional[] = "SECRETS_OPTIONAL=b e";
	char *vars[] = { required, optional, NULL };
	const struct env env = { vars };
	CLEANUP(secrets_settings_release) struct secrets_settings got = SECRETS_SETTINGS_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str names = STR_INIT;

	(void)state;
	assert_int_equal(secrets_settings_read(&env, &got, &err), 0);
	for (size_t i = 0; i < got.references.count; i++)
		str_addf(&names, "%s%s ", got.references.items[i].text,
			 got.references.items[i].is_optional ? "?" : "");
	assert_string_equal(names.buf, "a b? c d e? ");
	assert_true(got.overrides);
	assert_int_equal(got.timeout_ms, 30000);
}

/* What a secret's text becomes: the variables as "NAME=value|...", or the error's text. */
static void read_document(const char *text, const char *reference, struct str *out)
{
	CLEANUP(secrets_references_release)
	struct secrets_references list = SECRETS_REFERENCES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables vars = SECRETS_VARIABLES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret secret = SECRET_INIT;

	secret_sets(&secret, text);
	assert_int_equal(secrets_references_parse(&list, reference, false, &err), 0);
	if (secrets_document_read(&list.items[0], &secret, &plain, &vars, &err) < 0) {
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_null(strstr(err.msg.buf, "canary"));
		str_adds(out, err.msg.buf);
		return;
	}
	for (size_t i = 0; i < vars.count; i++)
		str_addf(out, "%s=%s|", vars.items[i].name, secret_bytes(&vars.items[i].value));
}

static void reads_documents(void **state)
{
	static const struct {
		const char *text;
		const char *reference;
		const char *want;
	} rows[] = {
		{ "{}", "app", "" },
		{ " {\"A\":\"1\", \"B\" : \"x'; touch PWN; echo '\"} ", "app",
		  "A=1|B=x'; touch PWN; echo '|" },
		{ "{\"A\":12345678901234567890,\"B\":-0.10,\"C\":1E+21,\"D\":1e999}", "app",
		  "A=12345678901234567890|B=-0.10|C=1E+21|D=1e999|" },
		{ "{\"A\":true,\"B\":false,\"C\":null}", "app", "A=true|B=false|" },
		{ "{\"A\": {\"k\" : [ 1,\t\"a b\\\" 2\" ]}, \"B\": [ ]}", "app",
		  "A={\"k\":[1,\"a b\\\" 2\"]}|B=[]|" },
		{ "{\"A\":\"\\u00e9\\ud83d\\ude00\\n\\/\"}", "app", "A=é\U0001f600\n/|" },
		{ "{\"A\":\"1\",\"B\":\"2\"}", "app:B", "B=2|" },
		{ "{\"a-b\":\"1\",\"B\":\"2\"}", "X=app:a-b", "X=1|" },
		{ "canary text", "X=app", "X=canary text|" },
		{ "{\"A\":\"canary\"}", "app:B", "'app:B': the secret has no key 'B'" },
		{ "", "app", "'app' is not a JSON object: it is empty" },
		{ "[1]", "app", "'app' is not a JSON object: it is another kind of value" },
		{ "\"canary\"", "app", "'app' is not a JSON object: it is another kind of value" },
		{ "{\"A\":01}", "app",
		  "'app' is not a JSON object: line 1, column 6: invalid token" },
		{ "{\"A\":\"canary", "app",
		  "'app' is not a JSON object: line 1, column 12: premature end of input" },
		{ "{\"A\":\"a\\u0000canary\"}", "app",
		  "'app' is not a JSON object: line 1, column 20: \\u0000 is not allowed without "
		  "JSON_ALLOW_NUL" },
		{ "{\"A-B\":\"canary\"}", "app",
		  "'app': 'A-B' cannot be a variable: a name has letters, digits and '_' and no "
		  "digit first" },
		{ "{\"LD_PRELOAD\":\"canary\"}", "app",
		  "'app': 'LD_PRELOAD' cannot be a variable: a loader, shell or interpreter takes "
		  "orders from it" },
		{ "canary", "PATH=app",
		  "'PATH=app': 'PATH' cannot be a variable: a loader, shell or interpreter takes "
		  "orders from it" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(str_release) struct str got = STR_INIT;

		read_document(rows[i].text, rows[i].reference, &got);
		assert_string_equal(got.buf, rows[i].want);
	}
}

/* ---- random secrets: written by this file alone, read by the library ---- */

struct random {
	uint64_t state;
};

static uint64_t draw(struct random *random, uint64_t below)
{
	random->state = random->state * 6364136223846793005U + 1442695040888963407U;
	return (random->state >> 33) % below;
}

/* What shells, JSON and terminals stumble over comes often. */
static unsigned draw_code(struct random *random)
{
	static const unsigned odd[] = { '\'', '"', '\\', '$',  '`', '\n',   '\t',   ' ',  '*',
					0x7f, '=', 1,	 0x1b, '/', 0xfeff, 0x202e, 0x9b, 0xffff };
	unsigned code;

	if (draw(random, 3) == 0)
		return odd[draw(random, sizeof(odd) / sizeof(odd[0]))];
	do
		code = 1 + (unsigned)draw(random, draw(random, 2) ? 0x7e : 0x10ffff);
	while (code >= 0xd800 && code <= 0xdfff);
	return code;
}

static void add_utf8(struct str *out, unsigned code)
{
	if (code < 0x80) {
		str_addc(out, (char)code);
	} else if (code < 0x800) {
		str_addc(out, (char)(0xc0 | code >> 6));
		str_addc(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		str_addc(out, (char)(0xe0 | code >> 12));
		str_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_addc(out, (char)(0x80 | (code & 0x3f)));
	} else {
		str_addc(out, (char)(0xf0 | code >> 18));
		str_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		str_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_addc(out, (char)(0x80 | (code & 0x3f)));
	}
}

static void add_json(struct str *out, struct random *random, unsigned code)
{
	bool must = code < 0x20 || code == '"' || code == '\\';

	if (!must && draw(random, 4))
		add_utf8(out, code);
	else if (code < 0x10000)
		str_addf(out, "\\u%04x", code);
	else
		str_addf(out, "\\u%04X\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
			 0xdc00 + ((code - 0x10000) & 0x3ff));
}

static void make_secret(struct random *random, struct str *json, struct str *want)
{
	size_t members = 1 + draw(random, 4);

	str_addc(json, '{');
	for (size_t i = 0; i < members; i++) {
		size_t len = draw(random, 40);

		str_addf(json, "%s\"K%zu\" :%s\"", i ? "," : "", i, draw(random, 2) ? "\n" : "");
		str_addf(want, "K%zu=", i);
		while (len--) {
			unsigned code = draw_code(random);

			add_json(json, random, code);
			add_utf8(want, code);
		}
		str_addc(json, '"');
		str_addc(want, '|');
	}
	str_addc(json, '}');
}

static uint64_t how_many(void)
{
	const char *text = getenv("DEPLOYER_ROUND_TRIPS");
	uint64_t number = ROUND_TRIPS;

	if (text)
		assert_true(slice_to_u64(slice_of(text), 100000000, &number));
	return number;
}

static void gives_back_every_byte_of_random_secrets(void **state)
{
	struct random random = { .state = 20260101 };
	uint64_t count = how_many();

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		CLEANUP(str_release) struct str json = STR_INIT;
		CLEANUP(str_release) struct str want = STR_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;

		make_secret(&random, &json, &want);
		read_document(json.buf, "app", &got);
		assert_string_equal(got.buf, want.buf);
	}
	print_message("# random secrets: %llu/%llu exact\n", (unsigned long long)count,
		      (unsigned long long)count);
}

/* ---- files ---- */

static void reads_environment_files(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "" },
		{ "\n# A=1\n \t\r\n", "" },
		{ "A=1\nB=\n", "A=1|B=|" },
		{ "A=a b  #c \r\n", "A=a b  #c|" },
		{ "export A=$HOME `id`", "A=$HOME `id`|" },
		{ "A='it \"is\" $x \\n'", "A=it \"is\" $x \\n|" },
		{ "A=\"a\\n\\t\\\"\\\\ \\$ \\x\" # c", "A=a\n\t\"\\ $ \\x|" },
		{ "A=b=c", "A=b=c|" },
		{ "\xef\xbb\xbf"
		  "A=1",
		  "A=1|" },
		{ "PATH=/x", "PATH=/x|" },
		{ "A=1\ncanary", "'f': line 2: no '=' in it" },
		{ "1A=canary", "'f': line 1: what stands before '=' cannot be a variable" },
		{ "A B=canary", "'f': line 1: what stands before '=' cannot be a variable" },
		{ "A='canary", "'f': line 1: a quotation mark is not closed" },
		{ "A=\"canary\\\"", "'f': line 1: a quotation mark is not closed" },
		{ "A='canary' b", "'f': line 1: something follows the closing quotation mark" },
		{ "A=1\n\nA=canary", "'f': line 3: the variable is there already" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(secrets_variables_release)
		struct secrets_variables vars = SECRETS_VARIABLES_INIT;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;

		if (secrets_environment_read("f", rows[i].text, strlen(rows[i].text), &plain, &vars,
					     &err) < 0)
			str_adds(&got, err.msg.buf);
		for (size_t at = 0; err.kind == ERROR_NONE && at < vars.count; at++)
			str_addf(&got, "%s=%s|", vars.items[at].name,
				 secret_bytes(&vars.items[at].value));
		assert_string_equal(got.buf, rows[i].want);
	}
}

/* ---- environments ---- */

static void set(struct secrets_variables *list, const char *name, const char *value)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret secret = SECRET_INIT;

	secret_sets(&secret, value);
	assert_int_equal(secrets_variables_set(list, name, &secret, "app", &plain, &err), 0);
}

static void merges_with_the_own_environment(void **state)
{
	char a[] = "A=own", odd[] = "odd", b[] = "B=b=c";
	char *vars[] = { a, odd, b, NULL };
	const struct env env = { vars };
	CLEANUP(secrets_variables_release) struct secrets_variables list = SECRETS_VARIABLES_INIT;
	CLEANUP(strv_release) struct strv wins = STRV_INIT, loses = STRV_INIT;

	(void)state;
	set(&list, "A", "secret");
	set(&list, "C", "c");
	secrets_environment_merge(&env, &list, true, &wins);
	secrets_environment_merge(&env, &list, false, &loses);
	assert_int_equal(wins.count, 4);
	assert_true(strv_has(&wins, "A=secret") && strv_has(&wins, "B=b=c") &&
		    strv_has(&wins, "odd") && strv_has(&wins, "C=c"));
	assert_int_equal(loses.count, 4);
	assert_true(strv_has(&loses, "A=own") && strv_has(&loses, "C=c"));
}

static void names_the_largest_variables_where_they_do_not_fit(void **state)
{
	char name[] = "true";
	char *args[] = { name, NULL };
	CLEANUP(strv_release) struct strv list = STRV_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str large = STR_INIT;

	(void)state;
	str_adds(&large, "BIG=");
	while (large.len < 131071)
		str_addc(&large, 'x');
	strv_add(&list, large.buf);
	assert_int_equal(secrets_environment_check(&list, args, &err), 0);
	str_addc(&large, 'x');
	strv_add(&list, large.buf);
	assert_int_equal(secrets_environment_check(&list, args, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.msg.buf, "BIG (131072 bytes)"));
	assert_null(strstr(err.msg.buf, "xx"));
}

static void finds_programs_as_a_shell_does(void **state)
{
	static const struct {
		const char *name;
		const char *path;
		int want;
	} rows[] = {
		{ "sh", NULL, 0 },     { "sh", "/nowhere:/bin", 0 },
		{ "/bin/sh", "", 0 },  { "sh", "/nowhere", 127 },
		{ "", NULL, 127 },     { "/etc/passwd", NULL, 126 },
		{ "/bin", NULL, 126 }, { "passwd", "/etc:/nowhere", 126 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP_FREE char *program = NULL;
		int status = 0;

		(void)secrets_find_program(rows[i].name, rows[i].path, &program, &status, &err);
		assert_int_equal(status, rows[i].want);
		assert_int_equal(program != NULL, rows[i].want == 0);
	}
}

static void keeps_the_bytes_of_members_that_stay(void **state)
{
	CLEANUP(secrets_variables_release) struct secrets_variables list = SECRETS_VARIABLES_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret old = SECRET_INIT, got = SECRET_INIT;

	(void)state;
	secret_sets(&old, "{\"N\":12345678901234567890 , \"A\":\"\\u0041\",\"B\":{\"x\": 1}}");
	set(&list, "A", "it's \"a\"\n");
	set(&list, "C", "");
	assert_int_equal(secrets_document_merge("app", &old, &list, false, &got, &err), 0);
	assert_string_equal(secret_bytes(&got), "{\"N\": 12345678901234567890, \"B\": {\"x\": 1}, "
						"\"A\": \"it's \\\"a\\\"\\u000a\", \"C\": \"\"}");
	assert_int_equal(secrets_document_merge("app", &old, &list, true, &got, &err), 0);
	assert_string_equal(secret_bytes(&got), "{\"A\": \"it's \\\"a\\\"\\u000a\", \"C\": \"\"}");
}

/* ---- what the services answer ---- */

#define POST   "POST", "http://127.0.0.1:4566/"
#define ABSENT POST, 400, NULL, "{\"__type\": \"ResourceNotFoundException\"}"
#define BINARY POST, 200, NULL, "{\"Name\": \"a\", \"SecretBinary\": \"AAEC\"}"

static void says_why_there_are_no_variables(void **state)
{
	static const struct {
		const char *reference;
		struct canned_exchange exchange;
		enum error_kind kind;
		const char *want, *fix;
	} rows[] = {
		{ "a",
		  { BINARY },
		  ERROR_CONFIG,
		  "'a' is a binary secret (SecretBinary)",
		  "store it as text, in base64 where it must be" },
		{ "ssm:/a/",
		  { POST, 200, NULL, "{\"Parameters\": []}" },
		  ERROR_REMOTE,
		  "'ssm:/a/': no parameter lies below it",
		  "is it in this account and region? What may be absent is named in "
		  "SECRETS_OPTIONAL" },
		{ "a",
		  { ABSENT },
		  ERROR_REMOTE,
		  "'a': ",
		  "is it in this account and region? What may be absent is named in "
		  "SECRETS_OPTIONAL" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(secrets_references_release)
		struct secrets_references list = SECRETS_REFERENCES_INIT;
		CLEANUP(secrets_variables_release)
		struct secrets_variables vars = SECRETS_VARIABLES_INIT;
		struct aws_fixture fixture;
		struct http *https[1];

		aws_fixture_set_up(&fixture, &aws_fixture_options, &rows[i].exchange, 1);
		https[0] = &fixture.http.http;
		assert_int_equal(
			secrets_references_parse(&list, rows[i].reference, false, &fixture.err), 0);
		assert_int_equal(secrets_collect(fixture.client, https, 1, &list, &plain, &vars,
						 &fixture.err),
				 -1);
		assert_int_equal(fixture.err.kind, rows[i].kind);
		if (strncmp(fixture.err.msg.buf, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s", fixture.err.msg.buf);
		assert_string_equal(fixture.err.fix.buf, rows[i].fix);
		assert_int_equal(vars.count, 0);
		aws_fixture_tear_down(&fixture);
	}
}

/* Neither the answer came nor can be asked what became of it (reliability rule R2). */
static void says_what_became_of_a_secret(void **state)
{
	static const struct {
		struct canned_exchange exchanges[3];
		size_t count;
		enum error_kind kind;
		const char *want;
	} rows[] = {
		{ { { BINARY } }, 1, ERROR_REFUSED, "'a' is a binary secret" },
		{ { { ABSENT }, { POST, 0, NULL, NULL }, { POST, 0, NULL, NULL } },
		  3,
		  ERROR_OUTCOME,
		  "whether 'a' was stored is not known: " },
		{ { { ABSENT }, { POST, 0, NULL, NULL }, { ABSENT } },
		  3,
		  ERROR_NETWORK,
		  "Secrets Manager CreateSecret: " },
	};

	static const char by_hand[] = "change it with the AWS CLI";
	static const char is_it_there[] =
		"is a service listening at the configured endpoint http://127.0.0.1:4566?";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(secret_release) struct secret value = SECRET_INIT;
		const struct secrets_store_request request = { .name = "a", .value = &value };
		enum secrets_store_outcome outcome;
		struct aws_fixture fixture;

		secret_sets(&value, "canary");
		aws_fixture_set_up(&fixture, &aws_fixture_options, rows[i].exchanges,
				   rows[i].count);
		assert_int_equal(secrets_store(fixture.client, &request, &outcome, &fixture.err),
				 -1);
		assert_int_equal(fixture.err.kind, rows[i].kind);
		if (strncmp(fixture.err.msg.buf, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%s", fixture.err.msg.buf);
		assert_string_equal(fixture.err.fix.buf, rows[i].count > 1 ? is_it_there : by_hand);
		assert_int_equal(fixture.http.next, rows[i].count);
		aws_fixture_tear_down(&fixture);
	}
}

static void bounds_what_is_taken_in(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables vars = SECRETS_VARIABLES_INIT;
	CLEANUP_FREE char *text = mem_zalloc((1 << 20) + 1);
	char name[16];

	(void)state;
	assert_int_equal(secrets_environment_read("f", text, (1 << 20) + 1, &plain, &vars, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "'f': more than 1 MiB");
	error_release(&err);
	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "V%u", i);
		set(&vars, name, "v");
	}
	assert_int_equal(
		secrets_variables_set(&vars, "W", &(struct secret)SECRET_INIT, "f", &plain, &err),
		-1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "'f': more than 10000 variables");
	assert_int_equal(vars.count, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_references),
		cmocka_unit_test(refuses_what_names_no_secret),
		cmocka_unit_test(splits_at_blanks_lines_and_commas),
		cmocka_unit_test(reads_documents),
		cmocka_unit_test(gives_back_every_byte_of_random_secrets),
		cmocka_unit_test(reads_environment_files),
		cmocka_unit_test(merges_with_the_own_environment),
		cmocka_unit_test(names_the_largest_variables_where_they_do_not_fit),
		cmocka_unit_test(finds_programs_as_a_shell_does),
		cmocka_unit_test(keeps_the_bytes_of_members_that_stay),
		cmocka_unit_test(says_why_there_are_no_variables),
		cmocka_unit_test(says_what_became_of_a_secret),
		cmocka_unit_test(bounds_what_is_taken_in),
	};

	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
