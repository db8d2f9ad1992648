#include "aws/call.h"
#include "aws/sts.h"
#include "world.h"

/*
 * A session that ends in mid-life, through everything between a call and its credentials:
 * aws/call.c, aws/chain.c and a provider. The provider numbers what it gives: KEY1, KEY2 ...
 */

#define MINUTE_MS (60 * 1000)

#define STS_URL "http://127.0.0.1:4566/"

#define IDENTITY                                                                                   \
	"<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"          \
	"<GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>"           \
	"<UserId>AROA:s</UserId><Account>123456789012</Account></GetCallerIdentityResult>"         \
	"<ResponseMetadata><RequestId>i</RequestId></ResponseMetadata></"                          \
	"GetCallerIdentityResponse>"

#define EXPIRED                                                                                    \
	"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"               \
	"<Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the " \
	"request is expired</Message></Error><RequestId>i</RequestId></ErrorResponse>"

/* The world's provider and service. Keys up to `expired` are refused by the service. */
struct parties {
	struct world world; /* first, so that it can be cast back */
	struct aws_client *client;
	int64_t life_ms;
	unsigned given;
	unsigned expired;
	bool is_provider_down;
	unsigned provider_calls, service_calls, warnings;
	struct str signed_with;
	struct report report;
};

static void count_warnings(struct report *report, const struct report_event *event)
{
	struct parties *parties = (void *)((char *)report - offsetof(struct parties, report));

	parties->warnings += event->kind == REPORT_WARNING;
}

static int give_credentials(struct parties *parties, struct str *ret_body)
{
	CLEANUP(str_release) struct str end = STR_INIT;

	parties->provider_calls++;
	if (parties->is_provider_down)
		return 500;
	clock_format_rfc3339(parties->world.now_ms + parties->life_ms, &end);
	str_addf(ret_body,
		 "{\"AccessKeyId\":\"KEY%u\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
		 "\"Expiration\":\"%s\"}",
		 ++parties->given, end.buf);
	return 200;
}

static int answer(struct world *world, const struct http_request *request, struct str *ret_body)
{
	struct parties *parties = (struct parties *)world;
	const char *key = strstr(world_header(world, "Authorization"), "Credential=");

	if (strcmp(request->url, STS_URL) != 0)
		return give_credentials(parties, ret_body);
	assert_non_null(key);
	key += strlen("Credential=");
	str_reset(&parties->signed_with);
	str_add(&parties->signed_with, key, strcspn(key, "/"));
	parties->service_calls++;
	if (parties->signed_with.buf[3] - '0' <= (int)parties->expired) {
		str_adds(ret_body, EXPIRED);
		return 403;
	}
	str_adds(ret_body, IDENTITY);
	return 200;
}

static void begin(struct parties *parties, int64_t life_ms)
{
	static const struct aws_options options = { .endpoint_url = "http://127.0.0.1:4566" };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct aws_context context;

	*parties = (struct parties){ .life_ms = life_ms,
				     .signed_with = STR_INIT,
				     .report = { count_warnings } };
	world_begin(&parties->world);
	parties->world.answer = answer;
	world_set(&parties->world, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/creds");
	parties->world.env.vars = strv_array(&parties->world.vars);
	context = (struct aws_context){ &parties->world.http, &parties->world.clock,
					&parties->world.env, &parties->report };
	assert_int_equal(aws_client_new(&options, &context, &parties->client, &err), 0);
}

static void end(struct parties *parties)
{
	aws_client_free(parties->client);
	str_release(&parties->signed_with);
	world_end(&parties->world);
}

/* Asks the service who we are, `minutes` after the session began, and counts anew. */
static int call_at(struct parties *parties, unsigned minutes, struct error *err)
{
	CLEANUP(sts_identity_release) struct sts_identity identity = STS_IDENTITY_INIT;

	error_release(err);
	parties->provider_calls = parties->service_calls = parties->warnings = 0;
	str_reset(&parties->signed_with);
	parties->world.now_ms = WORLD_NOW_MS + (int64_t)minutes * MINUTE_MS;
	return sts_get_caller_identity(parties->client, &identity, err);
}

static void renews_a_session_before_it_ends(void **state)
{
	static const struct {
		unsigned minutes;
		bool is_provider_down;
		const char *key;
		bool asks_provider, warns;
	} rows[] = {
		{ 0, false, "KEY1", true, false },
		{ 44, false, "KEY1", false, false },
		/* Within 15 minutes: tried, and the old ones serve while it fails, */
		{ 46, true, "KEY1", true, true },
		/* ... not at each call, but again after five. */
		{ 50, false, "KEY1", false, false },
		{ 51, false, "KEY2", true, false },
		{ 52, true, "KEY2", false, false },
		/* To the end of KEY2. */
		{ 97, true, "KEY2", true, true },
		{ 110, true, "KEY2", true, true },
		{ 111, true, "", true, false },
		{ 112, false, "KEY3", true, false },
	};
	CLEANUP(end) struct parties parties;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	begin(&parties, 60 * MINUTE_MS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool has_key = rows[i].key[0];

		parties.is_provider_down = rows[i].is_provider_down;
		assert_int_equal(call_at(&parties, rows[i].minutes, &err), has_key ? 0 : -1);
		assert_int_equal(err.kind, has_key ? ERROR_NONE : ERROR_AUTH);
		assert_string_equal(parties.signed_with.buf, rows[i].key);
		assert_int_equal(parties.service_calls, has_key);
		assert_int_equal(parties.provider_calls > 0, rows[i].asks_provider);
		assert_int_equal(parties.warnings > 0, rows[i].warns);
	}
}

static void renews_once_when_the_service_says_that_it_ended(void **state)
{
	CLEANUP(end) struct parties parties;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	begin(&parties, 60 * MINUTE_MS);
	assert_int_equal(call_at(&parties, 0, &err), 0);
	parties.expired = 1;
	assert_int_equal(call_at(&parties, 20, &err), 0);
	assert_string_equal(parties.signed_with.buf, "KEY2");
	assert_int_equal(parties.provider_calls, 1);
	assert_int_equal(parties.service_calls, 2);
	/* The new ones stay in use. */
	assert_int_equal(call_at(&parties, 21, &err), 0);
	assert_string_equal(parties.signed_with.buf, "KEY2");
	assert_int_equal(parties.provider_calls, 0);
	assert_int_equal(parties.service_calls, 1);
	/* New ones that have ended too: no third attempt. */
	parties.expired = 9;
	assert_int_equal(call_at(&parties, 22, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_true(error_has_code(&err, "ExpiredToken"));
	assert_int_equal(parties.provider_calls, 1);
	assert_int_equal(parties.service_calls, 2);
}

static void says_why_when_what_ended_cannot_be_renewed(void **state)
{
	CLEANUP(end) struct parties parties;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	begin(&parties, 60 * MINUTE_MS);
	assert_int_equal(call_at(&parties, 0, &err), 0);
	parties.expired = 1;
	parties.is_provider_down = true;
	assert_int_equal(call_at(&parties, 20, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_int_equal(parties.service_calls, 1);
	assert_non_null(strstr(err.msg.buf, "container credentials"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renews_a_session_before_it_ends),
		cmocka_unit_test(renews_once_when_the_service_says_that_it_ended),
		cmocka_unit_test(says_why_when_what_ended_cannot_be_renewed),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
