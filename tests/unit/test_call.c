/* The loop around a call: signing, repeating, the clock, credentials that end. */
#include "aws/call.h"

#include "aws/pages.h"
#include "base/cleanup.h"
#include "base/report.h"
#include "canned_http.h"
#include "fake_clock.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define URL "http://127.0.0.1:4566/"
#define NOW 1440938160000 /* 2015-08-30T12:36:00Z */

#define IDENTITY                                                                                   \
	"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account><Arn>a</Arn>"     \
	"</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"  \
	"</GetCallerIdentityResponse>"
#define FAULT(code)                                                                                \
	"<ErrorResponse><Error><Code>" code "</Code><Message>m</Message></Error></ErrorResponse>"

static const struct aws_operation whoami = { .service = AWS_STS, .name = "GetCallerIdentity" };
static const struct aws_operation unsigned_whoami = { .service = AWS_STS,
						      .name = "GetCallerIdentity",
						      .is_unsigned = true };

static double full_jitter(void)
{
	return 1.0;
}

/* A caller in a world of its own. Credentials: one set after another, each asked for by force. */
struct fixture {
	struct canned_http http;
	struct fake_clock clock;
	struct env env;
	struct aws_options options;
	struct aws_settings settings;
	struct aws_credentials credentials[2];
	size_t refreshes;
	size_t asked;
	struct aws_caller caller;
	struct aws_reply reply;
	struct error err;
};

static int give_credentials(void *ctx, bool force_refresh,
			    const struct aws_credentials **ret_credentials, struct error *err)
{
	struct fixture *fixture = ctx;

	(void)err;
	fixture->asked++;
	fixture->refreshes += force_refresh;
	*ret_credentials = &fixture->credentials[fixture->refreshes ? 1 : 0];
	return 0;
}

static void set_up(struct fixture *fixture, const struct canned_exchange *exchanges, size_t count,
		   char *const *vars)
{
	static const struct aws_credentials none = AWS_CREDENTIALS_INIT;

	*fixture = (struct fixture){
		.http = { .http = { canned_send },
			  .exchanges = exchanges,
			  .count = count,
			  .body = STR_INIT,
			  .body_type = STR_INIT },
		.clock = FAKE_CLOCK(NOW),
		.env = { vars },
		.options = { .endpoint_url = "http://127.0.0.1:4566", .region = "us-east-1" },
		.settings = AWS_SETTINGS_INIT,
		.credentials = { none, none },
		.reply = AWS_REPLY_INIT,
		.err = ERROR_INIT,
	};
	for (size_t i = 0; i < 2; i++) {
		str_addf(&fixture->credentials[i].access_key_id, "AKIDEXAMPLE%zu", i);
		secret_sets(&fixture->credentials[i].secret_key, "secret");
	}
	assert_int_equal(aws_settings_load(&fixture->options, &fixture->env, &report_none,
					   &fixture->settings, &fixture->err),
			 0);
	aws_caller_init(&fixture->caller, &fixture->settings, &fixture->http.http,
			&fixture->clock.clock);
	fixture->caller.jitter = full_jitter;
	fixture->caller.credentials = give_credentials;
	fixture->caller.credentials_ctx = fixture;
}

static void tear_down(struct fixture *fixture)
{
	canned_release(&fixture->http);
	aws_settings_release(&fixture->settings);
	for (size_t i = 0; i < 2; i++)
		aws_credentials_release(&fixture->credentials[i]);
	aws_reply_release(&fixture->reply);
	error_release(&fixture->err);
}

static char *const no_vars[] = { (char[]){ "HOME=/nonexistent" }, NULL };

#define SET_UP(fixture, exchanges)                                                                 \
	set_up(&(fixture), (exchanges), sizeof(exchanges) / sizeof((exchanges)[0]), no_vars)

static int call(struct fixture *fixture, const struct aws_operation *operation)
{
	return aws_call(&fixture->caller, operation, NULL, &fixture->reply, &fixture->err);
}

static void sends_a_signed_form(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 200, "", IDENTITY } };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &whoami), 0);
	assert_string_equal(fixture.http.body.buf, "Action=GetCallerIdentity&Version=2011-06-15");
	assert_string_equal(canned_header(&fixture.http, "Host"), "127.0.0.1:4566");
	assert_string_equal(canned_header(&fixture.http, "X-Amz-Date"), "20150830T123600Z");
	assert_non_null(strstr(canned_header(&fixture.http, "Authorization"),
			       "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE0/20150830/us-east-1/sts/"
			       "aws4_request, SignedHeaders=content-type;host;x-amz-date, "));
	assert_int_equal(fixture.clock.sleeps, 0);
}

static void sends_json_with_its_target(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 200, "", "{}" } };
	static const struct aws_operation describe = { .service = AWS_ECR,
						       .name = "DescribeRepositories" };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &describe), 0);
	assert_string_equal(fixture.http.body.buf, "{}");
	assert_string_equal(canned_header(&fixture.http, "X-Amz-Target"),
			    "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
	assert_string_equal(fixture.http.body_type.buf, "application/x-amz-json-1.1");
}

static void sends_no_signature_where_none_is_wanted(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 200, "", IDENTITY } };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &unsigned_whoami), 0);
	assert_string_equal(canned_header(&fixture.http, "Authorization"), "");
	assert_int_equal(fixture.asked, 0);
}

static void encodes_a_form(void **state)
{
	CLEANUP(str_release) struct str form = STR_INIT;

	(void)state;
	aws_form_add(&form, "A", "x y&z=\xc3\xa9\n");
	aws_form_add(&form, "B", NULL);
	aws_form_add(&form, "C", "");
	aws_form_addf(&form, "k", "Tags.member.%d.Key", 1);
	assert_string_equal(form.buf, "&A=x+y%26z%3D%C3%A9%0A&C=&Tags.member.1.Key=k");
}

static void signs_each_attempt_at_its_own_time(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 400, "", FAULT("Throttling") },
		{ "POST", URL, 400, "x-amz-retry-after: 4000", FAULT("Throttling") },
		{ "POST", URL, 200, "", IDENTITY },
	};
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &whoami), 0);
	assert_int_equal(fixture.clock.sleeps, 2);
	assert_int_equal(fixture.clock.sleeps_ms[0], 1000);
	assert_int_equal(fixture.clock.sleeps_ms[1], 4000);
	assert_string_equal(canned_header(&fixture.http, "X-Amz-Date"), "20150830T123605Z");
	assert_int_equal(fixture.asked, 3);
	assert_int_equal(fixture.caller.tokens, 500 - 10 + 5);
}

/* Half a call a second after the first was throttled: two seconds, of which one was the back-off.
 */
static void keeps_to_the_rate_in_adaptive_mode(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 400, "", FAULT("Throttling") },
		{ "POST", URL, 200, "", IDENTITY },
	};
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	fixture.settings.retry_mode = AWS_RETRY_ADAPTIVE;
	assert_int_equal(call(&fixture, &whoami), 0);
	assert_int_equal(fixture.clock.sleeps, 2);
	assert_int_equal(fixture.clock.sleeps_ms[0], 1000);
	assert_int_equal(fixture.clock.sleeps_ms[1], 1000);
	assert_string_equal(canned_header(&fixture.http, "X-Amz-Date"), "20150830T123602Z");
}

static void repeats_what_no_whole_answer_came_to(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 0, NULL, NULL },
		{ "POST", URL, 200, "", "<GetCallerIdentityResponse><GetCaller" },
		{ "POST", URL, 200, "", IDENTITY },
	};
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &whoami), 0);
	assert_int_equal(fixture.clock.sleeps_ms[0], 50);
	assert_int_equal(fixture.clock.sleeps_ms[1], 100);
}

/* Each row is answered the same way every time: how often it is asked, and what comes of it. */
static void gives_up_in_time(void **state)
{
	static const struct {
		int status;
		const char *body;
		size_t attempts;
		enum error_kind kind;
		const char *code, *fix;
	} rows[] = {
		{ 0, NULL, 3, ERROR_NETWORK, "7", "is a service listening at the configured" },
		{ 200, "", 3, ERROR_NETWORK, "", "is a service listening at the configured" },
		{ 200, "<html/>", 3, ERROR_NETWORK, "", "is a service listening" },
		{ 500, "", 3, ERROR_BUSY, "", "try again" },
		{ 503, "<html>", 3, ERROR_BUSY, "", "try again" },
		{ 429, "", 3, ERROR_BUSY, "", "try again" },
		{ 400, FAULT("Throttling"), 3, ERROR_BUSY, "Throttling", "try again" },
		{ 400, FAULT("ValidationError"), 1, ERROR_REMOTE, "ValidationError", "" },
		{ 403, FAULT("AccessDenied"), 1, ERROR_AUTH, "AccessDenied",
		  "allow 'sts:GetCallerIdentity'" },
		{ 403, FAULT("InvalidClientTokenId"), 1, ERROR_AUTH, "InvalidClientTokenId",
		  "the access key is unknown" },
		{ 400, FAULT("ExpiredToken"), 2, ERROR_AUTH, "ExpiredToken", "sign in again" },
		{ 307, "", 1, ERROR_REMOTE, "", "check the region" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct canned_exchange one = { "POST", URL, rows[i].status, "", rows[i].body };
		struct canned_exchange exchanges[] = { one, one, one, one };
		CLEANUP(tear_down) struct fixture fixture;

		SET_UP(fixture, exchanges);
		assert_int_equal(call(&fixture, &whoami), -1);
		assert_int_equal(fixture.http.next, rows[i].attempts);
		assert_int_equal(fixture.err.kind, rows[i].kind);
		assert_string_equal(fixture.err.code, rows[i].code);
		assert_int_equal(strncmp(fixture.err.msg.buf, "STS GetCallerIdentity: ", 23), 0);
		if (!strstr(fixture.err.fix.buf, rows[i].fix))
			fail_msg("row %zu: fix '%s'", i, fixture.err.fix.buf);
	}
}

static void takes_a_quota_of_cloudformation_for_no_throttling(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 400, "", FAULT("LimitExceededException") },
	};
	static const struct aws_operation create = { .service = AWS_CLOUDFORMATION,
						     .name = "CreateChangeSet" };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &create), -1);
	assert_int_equal(fixture.err.kind, ERROR_REMOTE);
}

static void obeys_the_number_of_attempts_in_the_environment(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 500, "", "" } };
	char *const vars[] = { (char[]){ "AWS_MAX_ATTEMPTS=1" }, (char[]){ "HOME=/nonexistent" },
			       NULL };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	set_up(&fixture, exchanges, 1, vars);
	assert_int_equal(call(&fixture, &whoami), -1);
	assert_int_equal(fixture.http.next, 1);
}

static void stops_repeating_when_the_quota_is_spent(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 500, "", "" } };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	fixture.caller.tokens = 13;
	assert_int_equal(call(&fixture, &whoami), -1);
	assert_int_equal(fixture.http.next, 1);
	assert_int_equal(fixture.caller.tokens, 13);
}

static void reads_credentials_again_once_they_are_called_expired(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", URL, 400, "", FAULT("ExpiredToken") },
		{ "POST", URL, 200, "", IDENTITY },
	};
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	assert_int_equal(call(&fixture, &whoami), 0);
	assert_int_equal(fixture.refreshes, 1);
	assert_int_equal(fixture.clock.sleeps, 0);
	assert_non_null(strstr(canned_header(&fixture.http, "Authorization"), "AKIDEXAMPLE1/"));
}

static void says_that_credentials_are_missing(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 200, "", IDENTITY } };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	fixture.caller.credentials = NULL;
	assert_int_equal(call(&fixture, &whoami), -1);
	assert_int_equal(fixture.err.kind, ERROR_AUTH);
	assert_int_equal(fixture.http.next, 0);
}

static void refuses_a_credential_that_would_begin_a_header(void **state)
{
	static const struct canned_exchange exchanges[] = { { "POST", URL, 200, "", IDENTITY } };
	CLEANUP(tear_down) struct fixture fixture;

	(void)state;
	SET_UP(fixture, exchanges);
	secret_sets(&fixture.credentials[0].session_token, "t\r\nX-Evil: 1");
	assert_int_equal(call(&fixture, &whoami), -1);
	assert_int_equal(fixture.err.kind, ERROR_AUTH);
	assert_int_equal(fixture.http.next, 0);
}

/*
 * Clock skew: the ten cases of aws-sdk-rust (sdk/aws-runtime/test-data/
 * clock-skew-test-cases.json), told in seconds after the first request of each case. `skew_s` is
 * what is known after the attempt, `signed_s` the time that it must be signed at; a row with
 * `is_last` ends an operation, one with `name` begins a case.
 */
static const struct skew_row {
	const char *name;
	int64_t initial_skew_s;
	int sent_s, received_s;
	const char *headers; /* all but Date */
	int date_s;	     /* -1: none */
	int status;
	const char *code;
	int signed_s, skew_s;
	bool is_last;
} skew_rows[] = {
	{ "clocks agree", 0, 0, 2, "", 1, 200, "", 0, 0, true },
	{ "a skew is corrected and kept", 0, 0, 2, "", 301, 403, "RequestTimeTooSkewed", 0, 300,
	  false },
	{ NULL, 0, 2, 4, "", 303, 200, "", 302, 300, true },
	{ NULL, 0, 60, 62, "", 361, 200, "", 360, 300, true },
	{ "a skew is learnt without an attempt left", 0, 0, 2, "", 301, 403, "RequestTimeTooSkewed",
	  0, 300, true },
	{ "a slow answer tells nothing", 0, 0, 960, "", 600, 200, "", 0, 0, true },
	{ NULL, 0, 1020, 1022, "", 1321, 200, "", 1020, 300, true },
	{ "a stale skew is corrected by a success", 300, 0, 2, "", 1, 200, "", 300, 0, true },
	{ "a small skew explains nothing", 0, 0, 2, "", 121, 400, "InvalidSignatureException", 0,
	  120, true },
	{ "a large skew explains a bad signature", 0, 0, 2, "", 301, 400,
	  "InvalidSignatureException", 0, 300, false },
	{ NULL, 0, 2, 4, "", 303, 200, "", 302, 300, true },
	{ "no Date tells nothing", 0, 0, 2, "", -1, 403, "RequestTimeTooSkewed", 0, 0, true },
	{ "a cached answer tells nothing", 0, 17280, 17282, "age: 17280\n", 1, 200, "", 17280, 0,
	  true },
	{ NULL, 0, 17290, 17292, "", 17591, 200, "", 17290, 300, true },
	{ "a cached answer does no harm", 0, 17280, 17282, "age: 17280\n", 1, 200, "", 17280, 0,
	  true },
	{ NULL, 0, 17290, 17292, "", 17291, 200, "", 17290, 0, true },
};

#define SKEW_ROWS  (sizeof(skew_rows) / sizeof(skew_rows[0]))
#define SKEW_START 1767225600000 /* 2026-01-01T00:00:00Z */

/* A transport that plays the rows. */
struct skew_http {
	struct http http;
	struct fake_clock *clock;
	const struct skew_row *row;
};

static void add_date(struct strv *headers, int64_t seconds)
{
	time_t time = (time_t)(SKEW_START / 1000 + seconds);
	char text[64];
	struct tm tm;

	assert_non_null(gmtime_r(&time, &tm));
	(void)strftime(text, sizeof(text), "date: %a, %d %b %Y %H:%M:%S GMT", &tm);
	strv_add(headers, text);
}

static const char *find_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->headers.count; i++) {
		if (strncmp(request->headers.v[i], name, strlen(name)) == 0)
			return request->headers.v[i] + strlen(name);
	}
	return "";
}

static int skew_send(struct http *http, const struct http_request *request,
		     struct http_response *ret, struct error *err)
{
	struct skew_http *skew = (struct skew_http *)http;
	const struct skew_row *row = skew->row++;
	CLEANUP(str_release) struct str want = STR_INIT;

	(void)err;
	clock_format_compact(SKEW_START + (int64_t)row->signed_s * 1000, &want);
	assert_string_equal(find_header(request, "X-Amz-Date: "), want.buf);
	ret->status = row->status;
	ret->sent_ms = SKEW_START + (int64_t)row->sent_s * 1000;
	ret->received_ms = SKEW_START + (int64_t)row->received_s * 1000;
	strv_split(&ret->headers, row->headers, "\n");
	if (row->date_s >= 0)
		add_date(&ret->headers, row->date_s);
	if (*row->code)
		str_addf(&ret->body,
			 "<ErrorResponse><Error><Code>%s</Code></Error></ErrorResponse>",
			 row->code);
	else
		str_adds(&ret->body, IDENTITY);
	skew->clock->now_ms = ret->received_ms;
	return 0;
}

/* "No budget" has one attempt; elsewhere a refusal that is not explained ends the operation. */
static double no_jitter(void)
{
	return 0.0;
}

static void play_operation(struct fixture *fixture, struct skew_http *skew)
{
	const struct skew_row *first = skew->row, *last = first;

	while (!last->is_last)
		last++;
	fixture->clock.now_ms = SKEW_START + (int64_t)first->sent_s * 1000;
	fixture->settings.max_attempts =
		first->name && strstr(first->name, "without an attempt left") ? 1 : 3;
	assert_int_equal(call(fixture, &whoami) == 0, last->status == 200);
	error_release(&fixture->err);
	assert_ptr_equal(skew->row, last + 1);
	assert_int_equal(fixture->caller.skew_ms, (int64_t)last->skew_s * 1000);
}

static void corrects_the_clock(void **state)
{
	CLEANUP(tear_down) struct fixture fixture;
	struct skew_http skew = { .http = { skew_send }, .row = skew_rows };
	size_t cases = 0;

	(void)state;
	set_up(&fixture, NULL, 0, no_vars);
	skew.clock = &fixture.clock;
	fixture.caller.http = &skew.http;
	fixture.caller.jitter = no_jitter;
	while (skew.row < skew_rows + SKEW_ROWS) {
		if (skew.row->name) {
			fixture.caller.skew_ms = skew.row->initial_skew_s * 1000;
			cases++;
		}
		play_operation(&fixture, &skew);
	}
	print_message("# clock skew: %zu/10 cases\n", cases);
	assert_int_equal(cases, 10);
}

/* ---- pages ---- */

/* Each page names the next one, or itself where there is no counter. */
static int ask_page(void *ctx, struct str *token, struct error *err)
{
	unsigned *asked = ctx;

	(void)err;
	str_reset(token);
	str_addf(token, "page %u", asked ? ++*asked : 1);
	return 0;
}

static void ends_at_pages_that_do_not(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	unsigned asked = 0;

	(void)state;
	assert_int_equal(pages_read("S", "List", ask_page, &asked, &err), -1);
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_string_equal(err.msg.buf, "S List: more than 1000 pages");
	assert_int_equal(asked, 1000);
	error_release(&err);
	assert_int_equal(pages_read("S", "List", ask_page, NULL, &err), -1);
	assert_int_equal(err.kind, ERROR_REMOTE);
	assert_string_equal(err.msg.buf, "S List: its pages never end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_a_signed_form),
		cmocka_unit_test(sends_json_with_its_target),
		cmocka_unit_test(sends_no_signature_where_none_is_wanted),
		cmocka_unit_test(encodes_a_form),
		cmocka_unit_test(signs_each_attempt_at_its_own_time),
		cmocka_unit_test(keeps_to_the_rate_in_adaptive_mode),
		cmocka_unit_test(repeats_what_no_whole_answer_came_to),
		cmocka_unit_test(gives_up_in_time),
		cmocka_unit_test(takes_a_quota_of_cloudformation_for_no_throttling),
		cmocka_unit_test(obeys_the_number_of_attempts_in_the_environment),
		cmocka_unit_test(stops_repeating_when_the_quota_is_spent),
		cmocka_unit_test(reads_credentials_again_once_they_are_called_expired),
		cmocka_unit_test(says_that_credentials_are_missing),
		cmocka_unit_test(refuses_a_credential_that_would_begin_a_header),
		cmocka_unit_test(corrects_the_clock),
		cmocka_unit_test(ends_at_pages_that_do_not),
	};

	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
