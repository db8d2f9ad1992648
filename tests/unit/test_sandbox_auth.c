#include "data/json.h"
#include "sandbox_client.h"
#include "vectors.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the aws-c-auth vectors (tests/aws-signing-test-suite/v4). */
#define VECTOR_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static bool read_file(const char *path, struct str *ret)
{
	CLEANUP_FILE FILE *file = fopen(path, "re");
	char chunk[4096];
	size_t len;

	while (file && (len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		str_add(ret, chunk, len);
	return file;
}

/* Names in lower case; a line that begins with a blank goes on with the one before. */
static void add_header(struct request *request, char *line)
{
	if (line[0] == ' ' || line[0] == '\t') {
		char *last = request->headers.v[--request->headers.count];

		strv_addf(&request->headers, "%s%s", last, line);
		free(last);
		return;
	}
	for (char *p = line; *p && *p != ':'; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	strv_add(&request->headers, line);
}

static void read_request(char *text, struct request *request)
{
	char *body = strstr(text, "\n\n");
	CLEANUP(strv_release) struct strv lines = STRV_INIT;
	char *target;

	if (body) {
		*body = '\0';
		str_adds(&request->body, body + 2);
	}
	strv_split(&lines, text, "\n");
	target = strchr(lines.v[0], ' ');
	assert(target);
	*strrchr(lines.v[0], ' ') = '\0';
	*target = '\0';
	request->method = mem_strdup(lines.v[0]);
	request->target = mem_strdup(target + 1);
	for (size_t i = 1; i < lines.count; i++)
		add_header(request, lines.v[i]);
}

static bool agrees_with_vector(const char *folder)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str signature = STR_INIT;
	CLEANUP(request_release) struct request request = REQUEST_INIT;
	CLEANUP(auth_claim_release) struct auth_claim claim = { .signed_headers = STRV_INIT };
	CLEANUP_FREE char *path = mem_printf("%s/header-signed-request.txt", folder);
	bool agrees;

	assert_true(read_file(path, &text));
	read_request(text.buf, &request);
	assert_int_equal(auth_read_claim(&request, &claim, &err), 0);
	auth_sign(&request, &claim, VECTOR_SECRET, &signature);
	agrees = strcmp(signature.buf, claim.signature) == 0;
	if (!agrees)
		print_message("# %s differs\n", folder);
	free((void *)(uintptr_t)request.method);
	free((void *)(uintptr_t)request.target);
	return agrees;
}

/* The rows that sign as these services do: paths normalized and encoded once more. */
static void agrees_with_the_published_signatures(void **state)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP(str_release) struct str manifest = STR_INIT;
	CLEANUP(strv_release) struct strv rows = STRV_INIT;
	size_t good = 0, all = 0;

	(void)state;
	vectors_need("sigv4/manifest.tsv");
	path = mem_printf("%s/sigv4/manifest.tsv", vectors_dir());
	assert_true(read_file(path, &manifest));
	strv_split(&rows, manifest.buf, "\n");
	for (size_t i = 1; i < rows.count; i++) {
		CLEANUP(strv_release) struct strv fields = STRV_INIT;
		CLEANUP_FREE char *folder = NULL;

		strv_split(&fields, rows.v[i], "\t");
		if (fields.v[1][0] != '1' || fields.v[2][0] != '1' ||
		    strncmp(fields.v[0], "v4/", 3) != 0)
			continue;
		folder = mem_printf("%s/sigv4/%s", vectors_dir(), fields.v[0]);
		all++;
		good += agrees_with_vector(folder);
	}
	print_message("# signatures recomputed: %zu/%zu\n", good, all);
	assert_true(all > 20);
	assert_int_equal(good, all);
}

static void answers_a_caller_who_signs_well(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	assert_int_equal(client_call(&client, "sts", "GetCallerIdentity", NULL), 200);
	assert_string_equal(client_text(&client, "GetCallerIdentityResult/Account"),
			    "123456789012");
	assert_string_equal(client_text(&client, "GetCallerIdentityResult/Arn"),
			    "arn:aws:iam::123456789012:user/sandbox");
	client_close(&client);
}

static void identify(struct request *request)
{
	request->method = "POST";
	request->target = "/";
	str_adds(&request->body, "Action=GetCallerIdentity&Version=2011-06-15");
}

static void refuses_an_unsigned_call(void **state)
{
	CLEANUP(request_release) struct request request = REQUEST_INIT;
	struct client client;

	(void)state;
	client_open(&client);
	identify(&request);
	client_answer(&client, &request);
	assert_int_equal(client.reply.status, 403);
	assert_refused(&client, "MissingAuthenticationToken",
		       "Request is missing Authentication Token");
	client_close(&client);
}

static void refuses_a_wrong_secret_and_a_changed_body(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	for (int changes_body = 0; changes_body < 2; changes_body++) {
		CLEANUP(request_release) struct request request = REQUEST_INIT;

		identify(&request);
		client_sign(&client, &request, "sts",
			    changes_body ? secret_bytes(&client.sandbox->keys[0].secret) : "wrong");
		if (changes_body)
			str_adds(&request.body, "&X=1");
		client_answer(&client, &request);
		assert_int_equal(client.reply.status, 403);
		assert_string_equal(client_text(&client, "Error/Code"), "SignatureDoesNotMatch");
	}
	client_close(&client);
}

static void refuses_a_date_more_than_five_minutes_off(void **state)
{
	static const struct {
		int moves_s;
		const char *message;
	} rows[] = {
		{ 299, "" },
		{ 301, "Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z "
		       "(20260101T000501Z - 5 min.)" },
		{ -299, "" },
		{ -301, "Signature not yet current: 20260101T000000Z is still later than "
			"20251231T235959Z (20251231T235459Z + 5 min.)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(request_release) struct request request = REQUEST_INIT;
		struct client client;

		client_open(&client);
		identify(&request);
		client_sign(&client, &request, "sts",
			    secret_bytes(&client.sandbox->keys[0].secret));
		client.now_ms += rows[i].moves_s * 1000;
		client_answer(&client, &request);
		assert_string_equal(client_text(&client, "Error/Message"), rows[i].message);
		assert_int_equal(client.reply.status, *rows[i].message ? 403 : 200);
		client_close(&client);
	}
}

static void refuses_an_unknown_key_in_each_protocol(void **state)
{
	CLEANUP(request_release) struct request query = REQUEST_INIT;
	CLEANUP(request_release) struct request json = REQUEST_INIT;
	struct client client;

	(void)state;
	client_open(&client);
	identify(&query);
	client_sign(&client, &query, "sts", "x");
	json.method = "POST";
	json.target = "/";
	str_adds(&json.body, "{}");
	strv_add(&json.headers, "x-amz-target: AmazonEC2ContainerRegistry_V20150921."
				"DescribeRepositories");
	client_sign(&client, &json, "ecr", "x");
	client.sandbox->keys[0].access_key_id[0] = 'X';
	client_answer(&client, &query);
	assert_int_equal(client.reply.status, 403);
	assert_refused(&client, "InvalidClientTokenId",
		       "The security token included in the request is invalid.");
	client_answer(&client, &json);
	assert_int_equal(client.reply.status, 400);
	assert_string_equal(client.reply.body.buf,
			    "{\"__type\": \"UnrecognizedClientException\", \"message\": \"The "
			    "security token included in the request is invalid.\"}");
	client_close(&client);
}

static void refuses_a_session_at_its_end(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	assert_int_equal(client_call(&client, "sts", "AssumeRole", "RoleArn",
				     "arn:aws:iam::123456789012:role/deploy", "RoleSessionName",
				     "me", "DurationSeconds", "900", NULL),
			 200);
	assert_string_equal(client_text(&client, "AssumeRoleResult/Credentials/Expiration"),
			    "2026-01-01T00:15:00Z");
	assert_string_equal(client_text(&client, "AssumeRoleResult/AssumedRoleUser/Arn"),
			    "arn:aws:sts::123456789012:assumed-role/deploy/me");
	for (int is_late = 0; is_late < 2; is_late++) {
		CLEANUP(request_release) struct request request = REQUEST_INIT;
		struct sandbox_key session = client.sandbox->keys[1];
		struct sandbox_key user = client.sandbox->keys[0];

		client.now_ms = CLIENT_START_MS + (is_late ? 900 : 899) * 1000;
		identify(&request);
		strv_addf(&request.headers, "x-amz-security-token: %s",
			  secret_bytes(&session.token));
		client.sandbox->keys[0] = session; /* whose name the client signs with */
		client_sign(&client, &request, "sts", secret_bytes(&session.secret));
		client_answer(&client, &request);
		client.sandbox->keys[0] = user;
		assert_int_equal(client.reply.status, is_late ? 403 : 200);
		assert_string_equal(client_text(&client, "Error/Code"),
				    is_late ? "ExpiredToken" : "");
	}
	client_close(&client);
}

static void says_what_it_cannot_do(void **state)
{
	struct client client;

	(void)state;
	client_open(&client);
	assert_int_equal(client_call(&client, "sts", "Nonsense", NULL), 400);
	assert_refused(&client, "InvalidAction",
		       "Could not find operation Nonsense for version 2011-06-15");
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_published_signatures),
		cmocka_unit_test(answers_a_caller_who_signs_well),
		cmocka_unit_test(refuses_an_unsigned_call),
		cmocka_unit_test(refuses_a_wrong_secret_and_a_changed_body),
		cmocka_unit_test(refuses_a_date_more_than_five_minutes_off),
		cmocka_unit_test(refuses_an_unknown_key_in_each_protocol),
		cmocka_unit_test(refuses_a_session_at_its_end),
		cmocka_unit_test(says_what_it_cannot_do),
	};

	return cmocka_run_group_tests_name("sandbox_auth", tests, NULL, NULL);
}
