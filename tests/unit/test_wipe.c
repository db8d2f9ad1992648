#include "base/cleanup.h"
#include "base/mem.h"
#include "data/json.h"
#include "test.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/*
 * The linker gives us every free() of the library (--wrap=free), so a block is looked at while it
 * is still ours. CANARY stands for a key.
 */
#define CANARY "wJalrXUtnFEMI/K7MDENG"

void __real_free(void *block);
void __wrap_free(void *block);

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

/* The test above can fail: with the allocator that jansson begins with, it would. */
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
		cmocka_unit_test(sees_what_a_plain_allocator_leaves),
	};

	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
