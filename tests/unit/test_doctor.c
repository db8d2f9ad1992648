#include "deploy/doctor.h"

#include "aws_fixture.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/doctor_check.h"
#include "deploy/policy.h"
#include "deploy/record.h"
#include "deploy/records.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>

#define AWS_URL "http://127.0.0.1:4566/"

#define STACK(status)                                                                              \
	"<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>arn:aws:"          \
	"cloudformation:us-east-1:123456789012:stack/todobackend/1</StackId><StackName>"           \
	"todobackend</StackName><StackStatus>" status "</StackStatus><CreationTime>"               \
	"2026-01-01T00:00:00Z</CreationTime></member></Stacks></DescribeStacksResult>"             \
	"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeStacksResponse>"
#define RESOURCES                                                                                  \
	"<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries/>"          \
	"</ListStackResourcesResult><ResponseMetadata><RequestId>r</RequestId>"                    \
	"</ResponseMetadata></ListStackResourcesResponse>"
#define FAULT(code, message)                                                                       \
	"<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message          \
	"</Message></Error><RequestId>r</RequestId></ErrorResponse>"
#define IDENTITY                                                                                   \
	"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:"      \
	"user/u</Arn><UserId>AIDA</UserId><Account>123456789012</Account>"                         \
	"</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId>"                     \
	"</ResponseMetadata></GetCallerIdentityResponse>"
#define REPOSITORY(mutability)                                                                     \
	"{\"repositories\": [{\"repositoryArn\": \"arn:aws:ecr:us-east-1:123456789012:"            \
	"repository/a/b\", \"registryId\": \"123456789012\", \"repositoryName\": \"a/b\", "        \
	"\"repositoryUri\": \"h/a/b\", \"imageTagMutability\": \"" mutability "\"}]}"

/* One check alone, with canned answers, in a folder of its own. */
struct room {
	struct aws_fixture aws;
	char *dir;
	struct config config;
	struct strv vars;
	struct env env;
	struct doctor_request request;
	struct look look;
	struct checkup checkup;
};

static void room_begin(struct room *room, const struct canned_exchange *exchanges, size_t count)
{
	struct error err = ERROR_INIT;

	*room = (struct room){ .vars = STRV_INIT };
	aws_fixture_set_up(&room->aws, &aws_fixture_options, exchanges, count);
	assert_int_equal(file_make_private_dir("test", &room->dir, &err), 0);
	config_conventions(room->dir, NULL, &room->config);
	strv_addf(&room->vars, "HOME=%s", room->dir);
	room->env.vars = strv_array(&room->vars);
	room->request = (struct doctor_request){
		.config = &room->config,
		.env = &room->env,
		.clock = &room->aws.clock.clock,
		.client = room->aws.client,
	};
	room->look = (struct look){ .request = &room->request,
				    .engine_version = STR_INIT,
				    .image = IMAGE_REF_INIT };
	room->checkup =
		(struct checkup){ .name = "it", .look = &room->look, .client = room->aws.client };
}

static void room_end(struct room *room)
{
	doctor_findings_release(&room->checkup.findings);
	str_release(&room->look.engine_version);
	image_ref_release(&room->look.image);
	config_release(&room->config);
	strv_release(&room->vars);
	file_remove_tree(room->dir);
	free(room->dir);
	aws_fixture_tear_down(&room->aws);
}

static void room_write(const struct room *room, const char *name, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(room->dir, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	assert_int_equal(file_make_dirs(dir, &err), 0);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, &err), 0);
}

static void set(struct room *room, enum config_key key, const char *value)
{
	free(room->config.settings[key].value);
	room->config.settings[key].value = strdup(value);
}

/* "severity kind: text -> fix", a line each. */
static void expect(const struct room *room, const char *const *want)
{
	const struct doctor_findings *findings = &room->checkup.findings;
	size_t count = 0;

	while (want[count])
		count++;
	for (size_t i = 0; i < findings->count && i < count; i++) {
		const struct doctor_finding *finding = &findings->items[i];
		CLEANUP(str_release) struct str got = STR_INIT;
		const struct error err = { .kind = finding->kind };

		str_addf(&got, "%s %d: %s -> %s", doctor_severity_name(finding->severity),
			 error_exit_status(&err), finding->text.buf, finding->fix.buf);
		if (!strstr(got.buf, want[i]))
			fail_msg("'%s' is not in '%s'", want[i], got.buf);
		/* Whatever is wrong has a remedy. */
		assert_true(finding->severity == DOCTOR_OK || finding->fix.len);
	}
	assert_int_equal(findings->count, count);
}

/* What a check says to what AWS answers. */
static const struct aws_case {
	void (*check)(struct checkup *checkup);
	struct canned_exchange exchanges[2];
	const char *account;
	const char *want[3];
} aws_cases[] = {
	{ doctor_stack,
	  { { "POST", AWS_URL, 200, NULL, STACK("UPDATE_COMPLETE") },
	    { "POST", AWS_URL, 200, NULL, RESOURCES } },
	  NULL,
	  { "ok 0: todobackend is UPDATE_COMPLETE" } },
	{ doctor_stack,
	  { { "POST", AWS_URL, 200, NULL, STACK("UPDATE_IN_PROGRESS") },
	    { "POST", AWS_URL, 200, NULL, RESOURCES } },
	  NULL,
	  { "warning 0: todobackend is UPDATE_IN_PROGRESS -> a deployment waits" } },
	{ doctor_stack,
	  { { "POST", AWS_URL, 200, NULL, STACK("UPDATE_ROLLBACK_FAILED") },
	    { "POST", AWS_URL, 403, NULL, FAULT("AccessDenied", "no") } },
	  NULL,
	  { "error 11: todobackend is UPDATE_ROLLBACK_FAILED",
	    "-> allow cloudformation:ListStackResources: 'deployer iam'" } },
	{ doctor_stack,
	  { { "POST", AWS_URL, 400, NULL,
	      FAULT("ValidationError", "Stack with id todobackend does not exist") } },
	  NULL,
	  { "ok 0: there is no " } },
	{ doctor_stack,
	  { { "POST", AWS_URL, 403, NULL, FAULT("AccessDenied", "no") } },
	  NULL,
	  { "-> allow cloudformation:DescribeStacks: 'deployer iam'" } },
	{ doctor_account,
	  { { "POST", AWS_URL, 200, NULL, IDENTITY } },
	  NULL,
	  { "ok 0: arn:aws:iam::123456789012:user/u in account 123456789012, region "
	    "us-east-1",
	    "ok 0: the clock is right" } },
	{ doctor_account,
	  { { "POST", AWS_URL, 200, NULL, IDENTITY } },
	  "999999999999",
	  { "error 3: the credentials belong to account 123456789012, not to "
	    "999999999999 -> use --profile",
	    "ok" } },
	{ doctor_repository,
	  { { "POST", AWS_URL, 200, "x-amzn-requestid: r", REPOSITORY("MUTABLE") } },
	  NULL,
	  { "ok 0: a/b, its tags are mutable" } },
	{ doctor_repository,
	  { { "POST", AWS_URL, 200, "x-amzn-requestid: r", REPOSITORY("IMMUTABLE") } },
	  NULL,
	  { "warning 0: the tags of a/b are immutable: 'latest' stays at its first "
	    "image -> set publish: {tags: []}" } },
	{ doctor_repository,
	  { { "POST", AWS_URL, 400, "x-amzn-requestid: r",
	      "{\"__type\": \"RepositoryNotFoundException\", \"message\": \"no\"}" } },
	  NULL,
	  { "-> let the first release make it: deployer release --create" } },
	{ doctor_repository,
	  { { "POST", AWS_URL, 400, "x-amzn-requestid: r",
	      "{\"__type\": \"AccessDeniedException\", \"message\": \"no\"}" } },
	  NULL,
	  { "-> allow ecr:DescribeRepositories: 'deployer iam'" } },
};

static void tells_what_aws_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(aws_cases) / sizeof(aws_cases[0]); i++) {
		struct room room;

		room_begin(&room, aws_cases[i].exchanges, aws_cases[i].exchanges[1].method ? 2 : 1);
		set(&room, CONFIG_STACK_TEMPLATE, "stack.yml");
		set(&room, CONFIG_STACK_NAME, "todobackend");
		if (aws_cases[i].account)
			set(&room, CONFIG_AWS_ACCOUNT, aws_cases[i].account);
		str_adds(&room.look.image.name, "a/b");
		room.look.has_image = true;
		aws_cases[i].check(&room.checkup);
		expect(&room, aws_cases[i].want);
		room_end(&room);
	}
}

/* As the true transport has it: when the exchange was. */
static int timed_send(struct http *http, const struct http_request *request,
		      struct http_response *ret, struct error *err)
{
	int result = canned_send(http, request, ret, err);

	ret->sent_ms = 1440938160000;
	ret->received_ms = ret->sent_ms;
	return result;
}

/* The fixture's clock stands at 2015-08-30T12:36:00Z. */
static void tells_a_clock_that_is_wrong(void **state)
{
	static const struct canned_exchange behind[] = {
		{ "POST", AWS_URL, 200, "date: Sun, 30 Aug 2015 12:46:00 GMT", IDENTITY },
	};
	static const struct canned_exchange ahead[] = {
		{ "POST", AWS_URL, 200, "date: Sun, 30 Aug 2015 12:33:00 GMT", IDENTITY },
	};
	const char *const want_behind[] = { "ok", "warning 0: the clock is 10m00s behind -> set it",
					    NULL };
	const char *const want_ahead[] = { "ok", "warning 0: the clock is 3m00s ahead", NULL };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct room room;

		room_begin(&room, i ? ahead : behind, 1);
		room.aws.http.http.send = timed_send;
		doctor_account(&room.checkup);
		expect(&room, i ? want_ahead : want_behind);
		room_end(&room);
	}
}

/* A record of a release that took `seconds`, from its own lines. */
static void write_release(const struct room *room, const char *id, int64_t seconds)
{
	CLEANUP(record_release) struct record record = RECORD_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP_FREE char *dir = records_dir(&room->env, room->dir);
	CLEANUP_FREE char *name = NULL;
	const struct error none = ERROR_INIT;

	str_adds(&record.id, id);
	str_adds(&record.command, "release");
	record_line_run(&text, 1000, &record);
	record_line_end(&text, 1000 + seconds * 1000, &none);
	name = mem_printf("%s/%s.jsonl", dir + strlen(room->dir) + 1, id);
	room_write(room, name, text.buf);
}

/* Against the median of earlier releases; 15 minutes where there are none. */
static void holds_credentials_against_the_usual_release(void **state)
{
	static const struct {
		const char *end;
		int64_t releases_s[3];
		const char *want;
	} rows[] = {
		{ NULL, { 0 }, "ok 0: from environment, without an end" },
		{ "2015-08-30T13:36:00Z", { 0 }, "for 1h00m more; a release takes 15m00s, it is" },
		{ "2015-08-30T12:40:00Z", { 0 }, "warning 0: from environment" },
		{ "2015-08-30T12:46:00Z",
		  { 60, 120, 3600 },
		  "for 10m00s more; a release takes 2m00s" },
		{ "2015-08-30T12:37:00Z",
		  { 60, 120, 3600 },
		  "they end in 1m00s, and a release takes "
		  "2m00s -> sign in again" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(strv_release) struct strv vars = STRV_INIT;
		const char *const want[] = { rows[i].want, NULL };
		struct aws_client *client = NULL;
		struct aws_context context;
		struct room room;
		struct env env;

		room_begin(&room, NULL, 0);
		for (char *const *var = aws_fixture_vars; *var; var++)
			strv_add(&vars, *var);
		if (rows[i].end) {
			strv_add(&vars, "AWS_SESSION_TOKEN=t");
			strv_addf(&vars, "AWS_CREDENTIAL_EXPIRATION=%s", rows[i].end);
		}
		env.vars = strv_array(&vars);
		context = (struct aws_context){ &room.aws.http.http, &room.aws.clock.clock, &env,
						&report_none };
		assert_int_equal(
			aws_client_new(&aws_fixture_options, &context, &client, &room.aws.err), 0);
		room.request.client = client;
		for (size_t j = 0; j < 3 && rows[i].releases_s[j]; j++) {
			CLEANUP_FREE char *id = mem_printf("20150101T00000%zuZ-00000000", j);

			write_release(&room, id, rows[i].releases_s[j]);
		}
		doctor_credentials(&room.checkup);
		expect(&room, want);
		assert_true(room.look.has_credentials);
		aws_client_free(client);
		room_end(&room);
	}
}

static void knows_which_generations_do_not_go_together(void **state)
{
	static const struct {
		const char *engine;
		unsigned compose;
		bool warns;
	} rows[] = {
		{ "25.0.1", 1, true },	{ "28.2.2", 1, true }, { "24.0.9", 1, false },
		{ "28.2.2", 2, false }, { "", 1, false },      { "podman", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const warning[] = { "warning 0: compose v1 does not know Docker Engine",
						NULL };
		struct room room;

		room_begin(&room, NULL, 0);
		str_adds(&room.look.engine_version, rows[i].engine);
		room.look.compose_major = rows[i].compose;
		doctor_generations(&room.checkup);
		expect(&room, rows[i].warns ? warning : warning + 1);
		room_end(&room);
	}
}

static void reads_dockers_configuration(void **state)
{
	static const struct {
		const char *text;
		const char *want[3];
	} rows[] = {
		{ "{}", { "ok 0: docker's configuration can be read" } },
		{ "[]", { "error 2: " } },
		{ "{\"credsStore\": \"not-there\"}",
		  { "warning 0: docker's credsStore asks 'docker-credential-not-there', which is "
		    "not in PATH" } },
		{ "{\"credHelpers\": {\"h\": \"not-there\"}, \"auths\": "
		  "{\"https://123456789012.dkr.ecr.us-east-1.amazonaws.com\": {\"auth\": "
		  "\"QTpi\"}, "
		  "\"h\": {}}}",
		  { "warning 0: docker's credHelpers for h asks",
		    "has the password of https://123456789012.dkr.ecr.us-east-1.amazonaws.com in "
		    "clear -> docker logout" } },
		{ "{\"auths\": {\"123456789012.dkr-ecr.us-east-1.on.aws\": {\"auth\": \"QTpi\"}, "
		  "\"ghcr.io\": {\"auth\": \"QTpi\"}}}",
		  { "has the password of 123456789012.dkr-ecr.us-east-1.on.aws in clear" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct room room;

		room_begin(&room, NULL, 0);
		room_write(&room, ".docker/config.json", rows[i].text);
		doctor_docker_config(&room.checkup);
		expect(&room, rows[i].want);
		room_end(&room);
	}
}

/* What is advised is what `deployer iam` prints. */
static void names_permissions_that_the_policy_has(void **state)
{
	static const char *const actions[] = {
		"cloudformation:DescribeStacks",
		"cloudformation:ListStackResources",
		"ecr:DescribeRepositories",
		"ecr:GetAuthorizationToken",
	};
	const struct policy_scope scope = { .partition = "aws" };
	CLEANUP(str_release) struct str text = STR_INIT;
	unsigned uses = 0;

	(void)state;
	assert_true(policy_uses("release", &uses));
	policy_write(&scope, uses, &text);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		assert_non_null(strstr(text.buf, actions[i]));
}

static struct http *no_transport(struct clock *clock)
{
	static const struct canned_exchange silence = { "GET", "http://docker/_ping", 0, NULL,
							NULL };
	struct canned_http *canned = mem_zalloc(sizeof(*canned));

	(void)clock;
	*canned = (struct canned_http){ .http = { canned_send },
					.exchanges = &silence,
					.count = 1,
					.body = STR_INIT,
					.body_type = STR_INIT };
	return &canned->http;
}

static void free_transport(struct http *http)
{
	canned_release((struct canned_http *)http);
	free(http);
}

/* Nothing is there: every check says so for itself, in the order of the table. */
static void looks_at_everything_and_never_fails(void **state)
{
	static const char *const order[] = { "git",	 "template",	  "engine", "compose",
					     "services", "docker config", "disk",   "credentials" };
	struct error why = ERROR_INIT;
	struct doctor_findings findings = DOCTOR_FINDINGS_INIT;
	struct room room;
	size_t at = 0;

	(void)state;
	room_begin(&room, NULL, 0);
	strv_add(&room.vars, "DOCKER_HOST=unix:///nonexistent/docker.sock");
	room.env.vars = strv_array(&room.vars);
	error_set(&why, ERROR_AUTH, "there are no credentials");
	error_fix(&why, "get some");
	room.request.client = NULL;
	room.request.client_error = &why;
	room.request.http_new = no_transport;
	room.request.http_free = free_transport;
	doctor_look(&room.request, &findings);
	for (size_t i = 0; i < findings.count; i++) {
		while (at < sizeof(order) / sizeof(order[0]) &&
		       strcmp(order[at], findings.items[i].check) != 0)
			at++;
	}
	assert_true(at < sizeof(order) / sizeof(order[0]));
	assert_string_equal(findings.items[findings.count - 1].text.buf,
			    "there are no credentials");
	assert_int_equal(doctor_first_error(&findings), ERROR_REFUSED);
	assert_true(doctor_count(&findings, DOCTOR_ERROR) >= 3);
	doctor_findings_release(&findings);
	error_release(&why);
	room_end(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_aws_answers),
		cmocka_unit_test(tells_a_clock_that_is_wrong),
		cmocka_unit_test(holds_credentials_against_the_usual_release),
		cmocka_unit_test(knows_which_generations_do_not_go_together),
		cmocka_unit_test(reads_dockers_configuration),
		cmocka_unit_test(names_permissions_that_the_policy_has),
		cmocka_unit_test(looks_at_everything_and_never_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
