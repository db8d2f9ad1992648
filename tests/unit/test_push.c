#include "base/cleanup.h"
#include "docker/push.h"
#include "test.h"

#include <string.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER  "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* Notes what is reported: one line an event. */
struct notebook {
	struct report report;
	struct str text;
};

static void note(struct report *report, const struct report_event *event)
{
	struct notebook *notebook = (struct notebook *)report;

	if (event->kind == REPORT_PROGRESS)
		str_addf(&notebook->text, "%s %s %u/%u\n", event->source, event->status,
			 (unsigned)event->done, (unsigned)event->total);
	else
		str_addf(&notebook->text, "! %s\n", event->text);
}

static int play(const char *stream, size_t piece, struct str *digest, struct str *events,
		struct error *err)
{
	struct notebook notebook = { .report = { .emit = note }, .text = STR_INIT };
	CLEANUP(push_release) struct push push = PUSH_INIT;
	size_t left = strlen(stream);
	int result;

	push.report = &notebook.report;
	push.tag = "5fdbe62";
	while (left) {
		size_t n = piece < left ? piece : left;

		push_add(&push, stream, n);
		stream += n;
		left -= n;
	}
	result = push_finish(&push, digest, err);
	str_reset(events);
	str_adds(events, notebook.text.buf);
	str_release(&notebook.text);
	return result;
}

/* As dockerd 20.10 streams it, the objects cut at every place there is. */
static void finds_the_digest_however_the_stream_is_cut(void **state)
{
	static const char stream[] =
		"{\"status\":\"The push refers to repository [127.0.0.1:5000/app]\"}\r\n"
		"{\"status\":\"Preparing\",\"progressDetail\":{},\"id\":\"5d3e392a13a0\"}\r\n"
		"{\"status\":\"Waiting\",\"progressDetail\":{},\"id\":\"5d3e392a13a0\"}\r\n"
		"{\"status\":\"Pushing\",\"progressDetail\":{\"current\":512,\"total\":2000},"
		"\"progress\":\"[=\\u003e  ] \\\"{\",\"id\":\"5d3e392a13a0\"}\r\n"
		"{\"status\":\"Pushing\",\"progressDetail\":{\"current\":2560,\"total\":2000},"
		"\"id\":\"5d3e392a13a0\"}{\"status\":\"Pushed\",\"progressDetail\":{},"
		"\"id\":\"5d3e392a13a0\"}\n"
		"{\"status\":\"Layer already exists\",\"progressDetail\":{},\"id\":\"aa\"}\n"
		"{\"status\":\"5fdbe62: digest: " DIGEST " size: 736\"}\r\n"
		"{\"progressDetail\":{},\"aux\":{\"Tag\":\"5fdbe62\",\"Digest\":\"" DIGEST
		"\",\"Size\":736}}\r\n";

	(void)state;
	for (size_t piece = 1; piece < 200; piece++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		CLEANUP(str_release) struct str events = STR_INIT;

		assert_int_equal(play(stream, piece, &digest, &events, &err), 0);
		assert_string_equal(digest.buf, DIGEST);
		assert_string_equal(events.buf, "5d3e392a13a0 Preparing 0/0\n"
						"5d3e392a13a0 Waiting 0/0\n"
						"5d3e392a13a0 Pushing 512/2000\n"
						"5d3e392a13a0 Pushing 2000/2000\n"
						"5d3e392a13a0 Pushed 0/0\n"
						"aa Layer already exists 0/0\n");
	}
}

static void takes_podman_s_only_mention_of_the_digest(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str events = STR_INIT;

	(void)state;
	assert_int_equal(play("{\"status\":\"The push refers to repository [h/a:5fdbe62]\"}\n"
			      "{\"status\":\"5fdbe62: digest: " DIGEST " size: 423\"}\n",
			      4096, &digest, &events, &err),
			 0);
	assert_string_equal(digest.buf, DIGEST);
}

static void takes_the_digest_among_other_notes_of_new_engines(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str events = STR_INIT;

	(void)state;
	assert_int_equal(play("{\"aux\":{\"manifestPushedInsteadOfIndex\":true}}"
			      "{\"aux\":{\"Tag\":\"5fdbe62\",\"Digest\":\"" OTHER "\"}}",
			      4096, &digest, &events, &err),
			 0);
	assert_string_equal(digest.buf, OTHER);
}

static void fails_for_what_a_stream_of_status_200_says(void **state)
{
	static const struct {
		const char *text;
		enum error_kind kind;
		const char *code;
	} rows[] = {
		{ "no basic auth credentials", ERROR_AUTH, "NoCredentials" },
		{ "unauthorized: authentication required", ERROR_AUTH, "NoCredentials" },
		{ "denied: Your authorization token has expired. Reauthenticate and try again.",
		  ERROR_AUTH, "ExpiredToken" },
		{ "denied: User: arn:aws:iam::1:user/x is not authorized", ERROR_AUTH, "Denied" },
		{ "name unknown: The repository with name 'x' does not exist in the registry with "
		  "id '123456789012'",
		  ERROR_PUBLISH, "RepositoryNotFound" },
		{ "tag invalid: The image tag '5fdbe62' already exists in the 'r' repository and "
		  "cannot be overwritten because the repository is immutable.",
		  ERROR_PUBLISH, "TagIsImmutable" },
		{ "An image does not exist locally with the tag: 127.0.0.1:5000/app", ERROR_PUBLISH,
		  "NotFound" },
		{ "tag does not exist: 127.0.0.1:5000/app:5fdbe62", ERROR_PUBLISH, "NotFound" },
		{ "Get \\\"http://127.0.0.1:1/v2/\\\": dial tcp 127.0.0.1:1: connect: connection "
		  "refused",
		  ERROR_NETWORK, "RegistryUnreachable" },
		{ "write /var/lib/docker/x: no space left on device", ERROR_TOOL, "NoSpace" },
		{ "toomanyrequests: Rate exceeded", ERROR_BUSY, "Throttled" },
		{ "http: server gave HTTP response to HTTPS client", ERROR_PUBLISH,
		  "InsecureRegistry" },
		{ "something new", ERROR_PUBLISH, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str stream = STR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		CLEANUP(str_release) struct str events = STR_INIT;

		str_addf(&stream,
			 "{\"status\":\"Preparing\",\"id\":\"a\"}\r\n"
			 "{\"errorDetail\":{\"message\":\"%s\"},\"error\":\"%s\"}\r\n",
			 rows[i].text, rows[i].text);
		assert_int_equal(play(stream.buf, 7, &digest, &events, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(err.code, rows[i].code);
		assert_int_equal(err.fix.len > 0, rows[i].code[0] != '\0');
		assert_string_equal(digest.buf, "");
	}
}

static void believes_no_stream_that_ends_early(void **state)
{
	static const char *const rows[] = {
		"",
		"{\"status\":\"Pushed\",\"id\":\"a\"}\n",
		"{\"status\":\"5fdbe62: digest: " DIGEST " size: 736\"",
		"{\"status\":\"latest: digest: " DIGEST " size: 736\"}",
		"{\"status\":\"5fdbe62: digest: sha256:12 size: 736\"}",
		"{\"aux\":{\"Digest\":\"" DIGEST "\"}}{\"stat",
		"<html>502 Bad Gateway</html>",
		"{\"aux\":{\"Digest\":}}",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str digest = STR_INIT;
		CLEANUP(str_release) struct str events = STR_INIT;

		assert_int_equal(play(rows[i], 3, &digest, &events, &err), -1);
		assert_int_equal(err.kind, ERROR_PUBLISH);
		assert_true(err.fix.len > 0);
	}
}

static void warns_once_for_each_wait_before_a_retry(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str events = STR_INIT;

	(void)state;
	(void)play("{\"status\":\"Retrying in 2 seconds\",\"id\":\"a\"}"
		   "{\"status\":\"Retrying in 2 seconds\",\"id\":\"b\"}"
		   "{\"status\":\"Retrying in 1 second\",\"id\":\"a\"}"
		   "{\"status\":\"Retrying in 1 second\",\"id\":\"b\"}"
		   "{\"status\":\"Retrying in 10 seconds\",\"id\":\"a\"}",
		   64, &digest, &events, &err);
	assert_string_equal(events.buf, "! layer a: Retrying in 2 seconds\n"
					"! layer a: Retrying in 10 seconds\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_digest_however_the_stream_is_cut),
		cmocka_unit_test(takes_podman_s_only_mention_of_the_digest),
		cmocka_unit_test(takes_the_digest_among_other_notes_of_new_engines),
		cmocka_unit_test(fails_for_what_a_stream_of_status_200_says),
		cmocka_unit_test(believes_no_stream_that_ends_early),
		cmocka_unit_test(warns_once_for_each_wait_before_a_retry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
