#include "data/pattern.h"
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct row {
	const char *pattern;
	const char *text;
	enum pattern_verdict want;
};

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum pattern_verdict got = pattern_match(rows[i].pattern, rows[i].text);

		if (got != rows[i].want)
			fail_msg("'%s' on '%s': %d, not %d", rows[i].pattern, rows[i].text,
				 (int)got, (int)rows[i].want);
	}
}

#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

/* Those of AWS's own sample templates and of the User Guide among them. */
static void matches_the_whole_text_as_java_does(void **state)
{
	static const struct row rows[] = {
		{ "", "", PATTERN_MATCHES },
		{ "a", "ba", PATTERN_DIFFERS },
		{ "a|b", "ab", PATTERN_DIFFERS },
		{ "[a-zA-Z][a-zA-Z0-9]*", "admin1", PATTERN_MATCHES },
		{ "[a-zA-Z][a-zA-Z0-9]*", "1admin", PATTERN_DIFFERS },
		{ "(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})", "10.0.0.0/16",
		  PATTERN_MATCHES },
		{ "(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})/(\\d{1,2})", "10.0.0.0",
		  PATTERN_DIFFERS },
		{ "^((([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\\.){3}([0-9]|[1-9][0-9]|1[0-"
		  "9]{2}|2[0-4][0-9]|25[0-5])(\\/([0-9]|[1-2][0-9]|3[0-2]))?)$",
		  "255.1.20.0/24", PATTERN_MATCHES },
		{ "[\\x20-\\x7E]*", "a", PATTERN_UNKNOWN },
		{ "\\w+@\\w+\\.com", "me@example.com", PATTERN_MATCHES },
		{ "\\S+", "a b", PATTERN_DIFFERS },
		{ "\\D\\W\\s", "a- ", PATTERN_MATCHES },
		{ "a.c", "a\nc", PATTERN_DIFFERS },
		{ "a*?b+?c??", "aabbc", PATTERN_MATCHES },
		{ "(?:ab){2,}", "ababab", PATTERN_MATCHES },
		{ "(?:ab){2}", "ababab", PATTERN_DIFFERS },
		{ "a{0,2}", "aaa", PATTERN_DIFFERS },
		{ "]}", "]}", PATTERN_MATCHES },
		{ "\\<a\\>\\'\\`", "<a>'`", PATTERN_MATCHES },
		{ "\\$\\{x\\}", "${x}", PATTERN_MATCHES },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

static void writes_classes_anew(void **state)
{
	static const struct row rows[] = {
		{ "[\\]]", "]", PATTERN_MATCHES },	 { "[\\]]", "\\", PATTERN_DIFFERS },
		{ "[a\\]b]+", "b]a", PATTERN_MATCHES },	 { "[\\[.a]+", "[.a", PATTERN_MATCHES },
		{ "[\\^]", "^", PATTERN_MATCHES },	 { "[\\^]", "a", PATTERN_DIFFERS },
		{ "[\\^-]+", "^-", PATTERN_MATCHES },	 { "[a^]+", "^a", PATTERN_MATCHES },
		{ "[^^]", "^", PATTERN_DIFFERS },	 { "[^\\]]", "a", PATTERN_MATCHES },
		{ "[\\w-]+", "a-b_1", PATTERN_MATCHES }, { "[\\w.-]+", "a-b.c", PATTERN_MATCHES },
		{ "[+--]+", "+,-", PATTERN_MATCHES },	 { "[\\]\\[^-]+", "[]^-", PATTERN_MATCHES },
		{ "[\\]\\[^-]+", "a", PATTERN_DIFFERS }, { "[\\t ]", "\t", PATTERN_MATCHES },
		{ "[z-a]", "a", PATTERN_UNKNOWN },	 { "[]a]", "a", PATTERN_UNKNOWN },
		{ "[a&&b]", "a", PATTERN_UNKNOWN },	 { "[[:alpha:]]", "a", PATTERN_UNKNOWN },
		{ "[\\D]", "a", PATTERN_UNKNOWN },	 { "[a", "a", PATTERN_UNKNOWN },
		{ "[a\\", "a", PATTERN_UNKNOWN },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

/* Each printable character in a class of its own, of it and of all others. */
static void knows_every_character_of_a_class(void **state)
{
	char own[] = "[\\?]", others[] = "[^\\?]", one[2] = "";

	(void)state;
	for (int c = 33; c < 127; c++) {
		bool is_name = strchr("dwsDWS", c) || (c >= '0' && c <= '9') ||
			       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		own[2] = others[3] = (char)c;
		for (int d = 33; d < 127 && !is_name; d++) {
			one[0] = (char)d;
			assert_int_equal(pattern_match(own, one),
					 c == d ? PATTERN_MATCHES : PATTERN_DIFFERS);
			assert_int_equal(pattern_match(others, one),
					 c == d ? PATTERN_DIFFERS : PATTERN_MATCHES);
		}
	}
}

static void says_what_it_does_not_know(void **state)
{
	static const struct row rows[] = {
		{ "(?=a)a", "a", PATTERN_UNKNOWN },   { "(?!a)b", "b", PATTERN_UNKNOWN },
		{ "(?i)a", "A", PATTERN_UNKNOWN },    { "(?<n>a)", "a", PATTERN_UNKNOWN },
		{ "(a)\\1", "aa", PATTERN_UNKNOWN },  { "\\bа", "a", PATTERN_UNKNOWN },
		{ "\\ba", "a", PATTERN_UNKNOWN },     { "\\p{Lu}", "A", PATTERN_UNKNOWN },
		{ "a*+", "a", PATTERN_UNKNOWN },      { "a{2}+", "aa", PATTERN_UNKNOWN },
		{ "a**", "a", PATTERN_UNKNOWN },      { "*a", "a", PATTERN_UNKNOWN },
		{ "(|*)", "a", PATTERN_UNKNOWN },     { "a{", "a", PATTERN_UNKNOWN },
		{ "a{,3}", "a", PATTERN_UNKNOWN },    { "a{3,2}", "a", PATTERN_UNKNOWN },
		{ "a{99999}", "a", PATTERN_UNKNOWN }, { "(a", "a", PATTERN_UNKNOWN },
		{ "a)", "a", PATTERN_UNKNOWN },	      { "a\\", "a", PATTERN_UNKNOWN },
		{ "[äb]", "b", PATTERN_UNKNOWN },     { "a", "ä", PATTERN_UNKNOWN },
		{ "\\u0041", "A", PATTERN_UNKNOWN },
	};

	(void)state;
	ASSERT_ROWS(rows);
}

/*
 * regcomp() writes repetitions out and recurses: what is large is not handed to it, where it would
 * take hours or all memory. The rest takes half a second, and twenty times as long under valgrind.
 */
static void takes_no_time_for_hostile_patterns(void **state)
{
	static const char *const patterns[] = {
		"((((a{1000}){1000}){1000}){1000}){1000}",
		"(a{4096}){4096}",
		"([a-z]?){1000}[a-z]{1000}",
		"(((((((((((((((((((((((((a",
		"(a*)*(a*)*(a*)*(a*)*b",
	};
	static char deep[200001], text[4001];
	clock_t start = clock();

	(void)state;
	memset(deep, '(', sizeof(deep) - 1);
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(pattern_match(deep, "a"), PATTERN_UNKNOWN);
	memset(deep, '[', sizeof(deep) - 1);
	assert_int_equal(pattern_match(deep, "a"), PATTERN_UNKNOWN);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		(void)pattern_match(patterns[i], text);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_the_whole_text_as_java_does),
		cmocka_unit_test(writes_classes_anew),
		cmocka_unit_test(knows_every_character_of_a_class),
		cmocka_unit_test(says_what_it_does_not_know),
		cmocka_unit_test(takes_no_time_for_hostile_patterns),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
