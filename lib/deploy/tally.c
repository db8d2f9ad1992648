#include "deploy/tally.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/xml.h"

#include <string.h>

/* More is no plan of anybody's. */
#define PLAN_MAX 1000000

/* One service's stream. */
struct tally_source {
	char *name;
	bool has_plan;
	size_t planned;
	struct test_count count;
};

static struct tally_source *source_of(struct tally *tally, const char *name)
{
	struct tally_source *source;

	for (size_t i = 0; i < tally->source_count; i++) {
		if (strcmp(tally->sources[i].name, name) == 0)
			return &tally->sources[i];
	}
	source = mem_grow(&tally->sources, &tally->source_count, sizeof(*tally->sources));
	source->name = mem_strdup(name);
	return source;
}

/* "1..64", also with a reason behind it for a plan of none. */
static bool take_plan(struct tally_source *source, struct slice line)
{
	struct slice number;
	uint64_t planned;

	if (!slice_starts_with(line, "1.."))
		return false;
	number = (struct slice){ line.p + 3, line.n - 3 };
	number.n = strspn(number.p, "0123456789");
	if (!slice_to_u64(number, PLAN_MAX, &planned))
		return false;
	source->has_plan = true;
	source->planned += planned;
	return true;
}

/* "ok" and "not ok" end there, or at a blank. */
static bool take_word(struct slice line, const char *word, struct slice *ret_rest)
{
	size_t len = strlen(word);

	if (!slice_starts_with(line, word) || (line.n > len && line.p[len] != ' '))
		return false;
	*ret_rest = (struct slice){ line.p + len, line.n - len };
	return true;
}

/* Whether the test carries a directive: "# SKIP why", "# todo". */
static bool has_directive(struct slice rest, const char *word)
{
	const char *mark = memrchr(rest.p, '#', rest.n);
	size_t len = strlen(word);

	if (!mark)
		return false;
	mark++;
	mark += strspn(mark, " ");
	return (size_t)(rest.p + rest.n - mark) >= len && strncasecmp(mark, word, len) == 0;
}

/* A test that is known to fail, "# todo", is no failure. */
static void take_line(struct tally_source *source, const char *text)
{
	struct slice line = slice_of(text);
	struct slice rest;
	bool ok;

	if (take_plan(source, line))
		return;
	ok = take_word(line, "ok", &rest);
	if (!ok && !take_word(line, "not ok", &rest))
		return;
	source->count.run++;
	if (has_directive(rest, "skip"))
		source->count.skipped++;
	else if (!ok && !has_directive(rest, "todo"))
		source->count.failed++;
}

static void emit(struct report *report, const struct report_event *event)
{
	struct tally *tally = (struct tally *)report;

	if (event->kind == REPORT_OUTPUT && event->source && event->text)
		take_line(source_of(tally, event->source), event->text);
	tally->next->emit(tally->next, event);
}

void tally_begin(struct tally *tally, struct report *next)
{
	tally_release(tally);
	tally->report.emit = emit;
	tally->next = next;
}

void tally_release(struct tally *tally)
{
	for (size_t i = 0; i < tally->source_count; i++)
		free(tally->sources[i].name);
	free(tally->sources);
	*tally = (struct tally){ 0 };
}

static void count_case(const struct xml_node *node, struct test_count *count)
{
	count->run++;
	if (xml_child(node, "failure") || xml_child(node, "error"))
		count->failed++;
	else if (xml_child(node, "skipped"))
		count->skipped++;
}

/* Suites may lie in suites, as deep as the reader lets them. */
static void count_cases(const struct xml_node *node, struct test_count *count)
{
	for (size_t i = 0; i < node->count; i++) {
		const struct xml_node *child = node->children[i];

		if (strcmp(child->name, "testcase") == 0)
			count_case(child, count);
		else if (strcmp(child->name, "testsuite") == 0)
			count_cases(child, count);
	}
}

int tally_add_junit(struct tally *tally, const char *text, size_t len, struct error *err)
{
	CLEANUP(xml_freep) struct xml_node *root = xml_read(text, len, err);

	if (!root)
		return error_become(err, ERROR_CONFIG);
	if (strcmp(root->name, "testsuites") != 0 && strcmp(root->name, "testsuite") != 0)
		return error_set(err, ERROR_CONFIG, "'%s' is not the root of a JUnit report",
				 root->name);
	count_cases(root, &tally->files);
	return 0;
}

struct test_count tally_sum(const struct tally *tally)
{
	struct test_count sum = tally->files;

	for (size_t i = 0; i < tally->source_count; i++) {
		const struct tally_source *source = &tally->sources[i];

		if (!source->has_plan)
			continue;
		sum.run += source->count.run;
		sum.failed += source->count.failed;
		sum.skipped += source->count.skipped;
		if (source->planned > source->count.run)
			sum.missing += source->planned - source->count.run;
	}
	return sum;
}

void tally_describe(const struct tally *tally, struct str *out)
{
	struct test_count sum = tally_sum(tally);

	if (sum.run + sum.missing == 0)
		return;
	str_addf(out, "%zu test%s, %zu failed", sum.run, sum.run == 1 ? "" : "s", sum.failed);
	if (sum.skipped)
		str_addf(out, ", %zu skipped", sum.skipped);
	if (sum.missing)
		str_addf(out, ", %zu not run", sum.missing);
}
