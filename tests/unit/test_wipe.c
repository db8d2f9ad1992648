#include "aws_fixture.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "secrets/environment.h"
#include "secrets/environment_file.h"
#include "secrets/fetch.h"
#include "secrets/store.h"
#include "test.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/*
 * The linker gives us every free() and realloc() of the library (--wrap), so a block is looked at
 * while it is still ours; a block that grows always moves. CANARY stands for a key.
 */
#define CANARY "wJalrXUtnFEMI/K7MDENG"

void __real_free(void *block);
void __wrap_free(void *block);
void *__wrap_realloc(void *block, size_t size);

static unsigned freed, seen;

static bool holds_canary(const void *block, size_t size)
{
	return memmem(block, size, CANARY, strlen(CANARY)) != NULL;
}

void __wrap_free(void *block)
{
	if (block) {
		freed++;
		seen += holds_canary(block, malloc_usable_size(block));
	}
	__real_free(block);
}

void *__wrap_realloc(void *block, size_t size)
{
	size_t old = block ? malloc_usable_size(block) : 0;
	void *fresh = malloc(size);

	if (fresh && block) {
		memcpy(fresh, block, old < size ? old : size);
		__wrap_free(block);
	}
	return fresh;
}

/* Reads, looks up, writes and drops a document. */
static void use_document(const char *text, bool is_whole)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_wipe) struct str out = STR_INIT;
	json_t *document = json_read(text, strlen(text), &err);

	assert_int_equal(document != NULL, is_whole);
	if (document)
		json_write(document, &out);
	assert_int_equal(holds_canary(out.buf, out.len), is_whole);
	assert_false(holds_canary(err.msg.buf, err.msg.len));
	json_decref(document);
}

/* A text whose value outgrows every buffer that the decoder begins with. */
static char *long_document(void)
{
	struct str text = STR_INIT;

	str_reserve(&text, 70000);
	str_adds(&text, "{\"k\": [\"");
	while (text.len < 65000)
		str_adds(&text, CANARY " \\u00e9 ");
	str_adds(&text, "\"]}");
	return str_detach(&text);
}

static void leaves_nothing_of_a_document_behind(void **state)
{
	static const struct {
		const char *text;
		bool is_whole;
	} rows[] = {
		{ "{\"SecretAccessKey\": \"" CANARY "\"}", true },
		{ "{\"" CANARY "\": {\"a\": [1, \"x\"]}}", true },
		{ "[[[[\"x\", \"" CANARY "\"]]]]", true },
		{ "\"" CANARY "\"", true },
		{ "{\"a\": \"" CANARY "\", \"b\": ", false },
		{ "{\"a\": \"" CANARY, false },
		{ "{\"a\": wJalrXUtnFEMI}", false },
		{ "{\"" CANARY "\": 1, \"" CANARY "\": 2}", false },
	};
	CLEANUP_FREE char *text = long_document();

	(void)state;
	freed = seen = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		use_document(rows[i].text, rows[i].is_whole);
		if (seen)
			fail_msg("%u blocks hold what was in: %s", seen, rows[i].text);
	}
	assert_true(freed > 20);
	use_document(text, true);
	assert_int_equal(seen, 0);
	explicit_bzero(text, strlen(text));
}

static void leaves_nothing_of_what_it_packs_behind(void **state)
{
	json_t *document = json_pack("{s:s}", "SecretAccessKey", CANARY);

	(void)state;
	freed = seen = 0;
	assert_int_equal(json_object_set_new(document, "SecretAccessKey", json_string("x")), 0);
	json_decref(document);
	assert_true(freed > 1);
	assert_int_equal(seen, 0);
}

/* ---- the whole way of a secret ---- */

#define DOCUMENT "{\\\"K\\\":\\\"" CANARY "\\\",\\\"N\\\":{\\\"k\\\": [\\\"" CANARY "\\\"]}}"

/* Answers from constants alone: what the services say in their order. */
struct peer {
	struct http http;
	struct {
		int status;
		const char *body;
	} answers[2];
	size_t next;
};

static int answer(struct http *http, const struct http_request *request, struct http_response *ret,
		  struct error *err)
{
	struct peer *peer = (struct peer *)http;
	size_t at = peer->next++ % 2;

	(void)request;
	(void)err;
	ret->status = peer->answers[at].status;
	str_adds(&ret->body, peer->answers[at].body);
	strv_add(&ret->headers, "content-type: application/x-amz-json-1.1");
	return 0;
}

/* Gives the client of a fixture this peer. */
static void set_up(struct aws_fixture *fixture, struct peer *peer)
{
	struct aws_context context = { &peer->http, &fixture->clock.clock, &fixture->env,
				       &report_none };

	*fixture = (struct aws_fixture){
		.clock = FAKE_CLOCK(1440938160000),
		.env = { aws_fixture_vars },
		.err = ERROR_INIT,
	};
	assert_int_equal(
		aws_client_new(&aws_fixture_options, &context, &fixture->client, &fixture->err), 0);
	freed = seen = 0;
}

static void collect(struct aws_fixture *fixture, struct peer *peer)
{
	const struct secrets_rules rules = { .report = &report_none };
	struct http *https[] = { &peer->http };
	CLEANUP(secrets_references_release)
	struct secrets_references references = SECRETS_REFERENCES_INIT;
	CLEANUP(secrets_variables_release) struct secrets_variables got = SECRETS_VARIABLES_INIT;
	CLEANUP(strv_wipe) struct strv environment = STRV_INIT;

	assert_int_equal(
		secrets_references_parse(&references, "app V=app:K W=app", false, &fixture->err),
		0);
	assert_int_equal(secrets_collect(fixture->client, https, 1, &references, &rules, &got,
					 &fixture->err),
			 0);
	secrets_environment_merge(&fixture->env, &got, true, &environment);
	assert_true(strv_has(&environment, "K=" CANARY) && strv_has(&environment, "V=" CANARY));
}

static void leaves_nothing_of_a_secret_behind_that_it_fetches(void **state)
{
	struct peer peer = { .http = { answer },
			     .answers = { { 200, "{\"SecretString\":\"" DOCUMENT "\"}" },
					  { 200, "{\"SecretString\":\"" DOCUMENT "\"}" } } };
	struct aws_fixture fixture;

	(void)state;
	set_up(&fixture, &peer);
	collect(&fixture, &peer);
	aws_client_free(fixture.client);
	assert_true(freed > 20);
	assert_int_equal(seen, 0);
}

static void leaves_nothing_of_a_secret_behind_that_it_stores(void **state)
{
	struct peer peer = { .http = { answer },
			     .answers = { { 400, "{\"__type\":\"ResourceNotFoundException\"}" },
					  { 200, "{\"ARN\":\"arn\"}" } } };
	CLEANUP(secret_release) struct secret value = SECRET_INIT;
	const struct secrets_store_request request = { .name = "app", .value = &value };
	enum secrets_store_outcome outcome;
	struct aws_fixture fixture;

	(void)state;
	secret_sets(&value, "{\"K\":\"" CANARY "\"}");
	set_up(&fixture, &peer);
	assert_int_equal(secrets_store(fixture.client, &request, &outcome, &fixture.err), 0);
	assert_int_equal(outcome, SECRETS_CREATED);
	aws_client_free(fixture.client);
	assert_true(freed > 20);
	assert_int_equal(seen, 0);
}

static void leaves_nothing_of_an_environment_file_behind(void **state)
{
	static const char text[] = "A=" CANARY "\nB=\"" CANARY "\\n\"\nC='" CANARY "'\nD='" CANARY;
	const struct secrets_rules rules = { .report = &report_none };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct secrets_variables got = SECRETS_VARIABLES_INIT;

	(void)state;
	freed = seen = 0;
	assert_int_equal(secrets_environment_read("f", text, strlen(text), &rules, &got, &err), -1);
	assert_int_equal(got.count, 3);
	secrets_variables_release(&got);
	assert_true(freed > 5);
	assert_int_equal(seen, 0);
}

/* The tests above can fail: with the allocator that jansson begins with, they would. */
static void sees_what_a_plain_allocator_leaves(void **state)
{
	json_malloc_t make;
	json_free_t drop;

	(void)state;
	json_get_alloc_funcs(&make, &drop);
	json_set_alloc_funcs(malloc, free);
	seen = 0;
	use_document("{\"SecretAccessKey\": \"" CANARY "\"}", true);
	json_set_alloc_funcs(make, drop);
	assert_true(seen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_nothing_of_a_document_behind),
		cmocka_unit_test(leaves_nothing_of_what_it_packs_behind),
		cmocka_unit_test(leaves_nothing_of_a_secret_behind_that_it_fetches),
		cmocka_unit_test(leaves_nothing_of_a_secret_behind_that_it_stores),
		cmocka_unit_test(leaves_nothing_of_an_environment_file_behind),
		cmocka_unit_test(sees_what_a_plain_allocator_leaves),
	};

	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
