/* A publish stage after which nobody can be sure of what is published, or what may be replaced. */
#include "canned_http.h"
#include "deploy/run.h"
#include "fake_cfn.h"
#include "fake_clock.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ENGINE	    "http://docker/v1.41/images/"
#define MANIFEST    "https://r.example/v2/app/manifests/5fdbe62"
#define LATEST	    "https://r.example/v2/app/manifests/latest"
#define PUSHED	    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* clang-format off */
#define PING { "GET", "http://docker/_ping", 200, "api-version: 1.41", "OK" }
#define ABSENT { "GET", MANIFEST, 404, NULL, "" }
#define TAG { "POST", ENGINE "team/app/tag?repo=r.example%2Fapp&tag=5fdbe62", 201, NULL, "" }
#define PUSH(said) { "POST", ENGINE "r.example/app/push?tag=5fdbe62", 200, NULL, said }
#define BROKEN PUSH("{\"errorDetail\":{\"message\":\"unexpected EOF\"}}")
#define INSPECT { "GET", ENGINE "team/app/json", 200, NULL, "{\"Id\":\"sha256:ab\"}" }
/* clang-format on */

/* HOME has no docker configuration in it. */
static char *no_vars[] = { (char[]){ "HOME=/nonexistent" }, NULL };
static const struct env no_env = { no_vars };

/* Runs the stage; with what the registry had before, where it had something. */
static int publish(struct canned_http *canned, struct aws_client *client, const char *published,
		   struct error *err)
{
	CLEANUP(config_release) struct config config = CONFIG_INIT;
	struct fake_clock clock = FAKE_CLOCK(0);
	struct pipeline pipeline = {
		.clock = &clock.clock,
		.config = &config,
		.client = client,
		.http = &canned->http,
		.env = &no_env,
		.report = &report_none,
	};
	CLEANUP(run_release) struct run run = run_of(&pipeline);

	config_conventions("/nonexistent", NULL, &config);
	config.settings[CONFIG_IMAGE].value = mem_strdup("team/app");
	assert_int_equal(engine_new(&canned->http, &no_env, &run.engine, err), 0);
	str_adds(&run.version.tag, "5fdbe62");
	str_adds(&run.repository.uri, "r.example/app");
	str_adds(&run.repository_name, "app");
	str_adds(&run.authorization.proxy_endpoint, "https://r.example");
	run.is_built = run.is_published = published != NULL;
	str_adds(&run.digest, published ? published : "");
	return stage_publish(&run, err);
}

/* What was pushed is asked for; an answer that fails, or of other bits, is no success. */
static void believes_the_registry_rather_than_the_push(void **state)
{
	static const struct {
		int status;
		enum error_kind kind;
		const char *msg;
	} rows[] = {
		{ 500, ERROR_OUTCOME,
		  "verifying what was pushed: looking up app:5fdbe62: registry r.example: "
		  "HTTP status 500" },
		{ 200, ERROR_PUBLISH,
		  "tag 5fdbe62 is sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c0"
		  "60f61caaff8a in the registry, but " PUSHED " was pushed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			PING,
			ABSENT,
			INSPECT,
			TAG,
			PUSH("{\"aux\":{\"Tag\":\"5fdbe62\",\"Digest\":\"" PUSHED "\"}}"),
			{ "GET", MANIFEST, rows[i].status, NULL,
			  rows[i].status == 200 ? "{}" : "" },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;

		assert_int_equal(publish(&canned, NULL, NULL, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(err.msg.buf, rows[i].msg);
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

/* A push that breaks is made again; where that breaks too, the registry tells how it ended. */
static void settles_a_push_that_broke_off(void **state)
{
	static const struct {
		int status;
		const char *manifest;
		int result;
		enum error_kind kind;
	} rows[] = {
		{ 200, "{\"config\":{\"digest\":\"sha256:ab\"}}", 0, ERROR_NONE },
		{ 200, "{\"config\":{\"digest\":\"sha256:cd\"}}", -1, ERROR_PUBLISH },
		{ 404, "", -1, ERROR_PUBLISH },
		{ 500, "", -1, ERROR_OUTCOME },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange answer = { "GET", MANIFEST, rows[i].status, NULL,
							rows[i].manifest };
		const struct canned_exchange exchanges[] = {
			PING,	 ABSENT,
			INSPECT, TAG,
			BROKEN,	 BROKEN,
			INSPECT, answer,
			answer,	 { "GET", LATEST, 200, NULL, rows[i].manifest },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;

		canned.count -= rows[i].result == 0 ? 0 : 2;
		assert_int_equal(publish(&canned, NULL, NULL, &err), rows[i].result);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(canned.next, canned.count);
		canned_release(&canned);
	}
}

/* What is wrong with the image or the login stays so: one push, and its error. */
static void pushes_once_where_that_is_refused(void **state)
{
	static const struct canned_exchange exchanges[] = {
		PING,
		ABSENT,
		INSPECT,
		TAG,
		PUSH("{\"errorDetail\":{\"message\":\"x509: certificate has expired\"}}"),
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(publish(&canned, NULL, NULL, &err), -1);
	assert_int_equal(canned.next, canned.count);
	assert_true(err.kind != ERROR_OUTCOME);
	canned_release(&canned);
}

/* An image under a tag may be replaced where nobody runs it: that must be known. */
static void replaces_nothing_where_it_is_not_known_what_runs(void **state)
{
	static const struct fake_answer answers[] = {
		{ "DescribeStacks", 400, FAULT("ValidationError", "bad"), 0 },
	};
	static const struct canned_exchange exchanges[] = {
		PING,
		INSPECT,
		{ "GET", MANIFEST, 200, NULL, "{\"config\":{\"digest\":\"sha256:cd\"}}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(fake_cfn_tear_down) struct fake_cfn fake;
	CLEANUP(error_release) struct error err = ERROR_INIT;

	(void)state;
	FAKE_CFN_SET_UP(fake, answers);
	assert_int_equal(publish(&canned, fake.client, PUSHED, &err), -1);
	assert_int_equal(err.kind, ERROR_PUBLISH);
	assert_int_equal(strncmp(err.msg.buf, "asking whether 5fdbe62 is deployed: ", 36), 0);
	assert_int_equal(canned.next, canned.count);
	canned_release(&canned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_the_registry_rather_than_the_push),
		cmocka_unit_test(settles_a_push_that_broke_off),
		cmocka_unit_test(pushes_once_where_that_is_refused),
		cmocka_unit_test(replaces_nothing_where_it_is_not_known_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
