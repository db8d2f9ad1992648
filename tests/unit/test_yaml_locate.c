#include "data/yaml_locate.h"
#include "test.h"

#include <string.h>

struct row {
	const char *text;
	const char *path;
	bool found;
	unsigned line;
	unsigned column;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct place place = { 0, 0 };
		bool found = yaml_locate(row->text, strlen(row->text), row->path, &place);

		if (found != row->found || place.line != row->line || place.column != row->column)
			fail_msg("'%s' of row %zu: %d at %u:%u, not %d at %u:%u", row->path, i,
				 found, place.line, place.column, row->found, row->line,
				 row->column);
	}
}

#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static const char yaml[] = "a: 1\n"
			   "b:\n"
			   "  c: &x {d: e}\n"
			   "  f:\n"
			   "    - g\n"
			   "    - h: i\n"
			   "      j: [k, [l, m]]\n"
			   "  n.o: {p: q}\n"
			   "  \xc3\xa9: {r: !Sub s}\n"
			   "  t: *x\n"
			   "u: v\n";

static void finds_keys_and_items_of_yaml(void **state)
{
	static const struct row rows[] = {
		{ yaml, "a", true, 1, 1 },
		{ yaml, "b", true, 2, 1 },
		{ yaml, "b.c.d", true, 3, 10 },
		{ yaml, "b.f.0", true, 5, 7 },
		{ yaml, "b.f.1", true, 6, 7 },
		{ yaml, "b.f.1.h", true, 6, 7 },
		{ yaml, "b.f.1.j.1.0", true, 7, 15 },
		{ yaml, "b.f.1.j.1.1", true, 7, 18 },
		{ yaml, "b.n.o", true, 8, 3 },
		{ yaml, "b.n.o.p", true, 8, 9 },
		{ yaml, "b.\xc3\xa9.r", true, 9, 7 },
		{ yaml, "u", true, 11, 1 },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void names_the_deepest_part_of_a_path_that_leads_nowhere(void **state)
{
	static const struct row rows[] = {
		{ yaml, "z", false, 1, 1 },
		{ yaml, "b.z", false, 2, 1 },
		{ yaml, "b.f.2", false, 4, 3 },
		{ yaml, "b.f.x", false, 4, 3 },
		{ yaml, "b.f.1.j.7.1", false, 7, 7 },
		{ yaml, "b.t.d", false, 10, 3 },
		{ yaml, "b.\xc3\xa9.r.Fn::Sub", false, 9, 7 },
		{ yaml, "a.b", false, 1, 1 },
		{ "", "a", false, 1, 1 },
		{ "[1, 2]", "a.b", false, 1, 1 },
		{ "x", "x", false, 1, 1 },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

/* libyaml reads no surrogate pairs. */
static void finds_what_only_json_can_say(void **state)
{
	static const char json[] = "{\n\t\"a\": \"\\ud83d\\ude00\",\n\t\"b\": [{}, {\"c\": 1}],\n"
				   "\t\"d.e\": {\"f\": 2}\n}";
	static const struct row rows[] = {
		{ json, "a", true, 2, 2 },	 { json, "b.1", true, 3, 12 },
		{ json, "b.1.c", true, 3, 13 },	 { json, "d.e.f", true, 4, 10 },
		{ json, "b.1.x", false, 3, 12 }, { json, "", false, 1, 1 },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void counts_characters(void **state)
{
	static const char text[] = "a\n\xc3\xa9\xe2\x82\xac=x";
	struct place place = place_of(text, strlen(text) - 1);

	(void)state;
	assert_int_equal(place.line, 2);
	assert_int_equal(place.column, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_keys_and_items_of_yaml),
		cmocka_unit_test(names_the_deepest_part_of_a_path_that_leads_nowhere),
		cmocka_unit_test(finds_what_only_json_can_say),
		cmocka_unit_test(counts_characters),
	};

	return cmocka_run_group_tests_name("yaml_locate", tests, NULL, NULL);
}
