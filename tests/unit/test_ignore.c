#include "docker/ignore.h"

#include "base/cleanup.h"
#include "test.h"

static void read_text(struct ignore *ignore, const char *text)
{
	ignore_read(text, strlen(text), ignore);
}

/* The rules and examples of docker's page, and of the tests of moby/patternmatcher. */
static void leaves_out_what_docker_leaves_out(void **state)
{
	static const struct {
		const char *text, *path;
		bool want;
	} rows[] = {
		{ "", "a", false },
		{ "# comment\n\n", "# comment", false },
		{ "a", "a", true },
		{ "a", "a/b/c", true },
		{ "a", "b/a", false },
		{ "/a/", "a/b", true },
		{ "./a//b/../c", "a/c", true },
		{ "../a", "a", false },
		{ "*/temp*", "somedir/temporary.txt", true },
		{ "*/temp*", "somedir/subdir/temporary.txt", false },
		{ "*/*/temp*", "somedir/subdir/temporary.txt", true },
		{ "temp?", "tempa", true },
		{ "temp?", "temp", false },
		{ "temp?", "temp/", false },
		{ "**/*.go", "main.go", true },
		{ "**/*.go", "a/b/c.go", true },
		{ "**/*.go", "a/b/cxgo", false },
		{ "**/temp?", "x/temp1/y", true },
		{ "a/**", "a/b", true },
		{ "a/**", "a", false },
		{ "**", "any/thing", true },
		{ "a/**/b", "a/b", true },
		{ "a/**/b", "a/x/y/b", true },
		{ "a(b)+{1}|^$.x", "a(b)+{1}|^$.x", true },
		{ "a.b", "axb", false },
		{ "*.md\n!README.md", "README.md", false },
		{ "*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true },
		{ "*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false },
		{ "*\n!src", "src/a/b", false },
		{ "*\n!src\nsrc/b", "src/b/c", true },
		{ "*\n!src", "other", true },
		{ "*\n! src ", "src", false },
		{ "\xef\xbb\xbf"
		  "a",
		  "a", true },
		{ "a\r\nb\r\n", "b", true },
		/* Not understood: leaves nothing out, and as an exception lets all in. */
		{ "[ab]", "a", false },
		{ "a\\*", "a*", false },
		{ "*\n![ab]", "c", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(ignore_release) struct ignore ignore = IGNORE_INIT;

		read_text(&ignore, rows[i].text);
		if (ignore_has(&ignore, rows[i].path) != rows[i].want)
			fail_msg("'%s' and '%s'", rows[i].text, rows[i].path);
	}
}

static void looks_into_folders_for_exceptions_alone(void **state)
{
	static const struct {
		const char *text, *folder;
		bool want;
	} rows[] = {
		{ "*", "src", false },
		{ "*\n!src/keep", "src", true },
		{ "*\n!src/keep", "src/keep", true },
		{ "*\n!src/keep", "other", false },
		{ "*\n!**/keep", "other", true },
		{ "src/keep", "src", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(ignore_release) struct ignore ignore = IGNORE_INIT;

		read_text(&ignore, rows[i].text);
		if (ignore_may_return(&ignore, rows[i].folder) != rows[i].want)
			fail_msg("'%s' and '%s'", rows[i].text, rows[i].folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_what_docker_leaves_out),
		cmocka_unit_test(looks_into_folders_for_exceptions_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
