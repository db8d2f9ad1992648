#ifndef DEPLOY_TALLY_H
#define DEPLOY_TALLY_H

#include "base/error.h"
#include "base/report.h"
#include "base/slice.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* How many tests ran, how many of them failed or were skipped, and how many never began. */
struct test_count {
	size_t run;
	size_t failed;
	size_t skipped;
	size_t missing;
};

/*
 * Counts the tests of a stage. As a reporter it stands before another one, to which it hands
 * everything on, and reads the Test Anything Protocol in what services print
 * (testanything.org/tap-version-13-specification.html): only of those that print a plan, "1..N", so
 * that a service that says "ok" is no test.
 */
struct tally {
	struct report report;
	struct report *next;
	struct tally_source *sources;
	size_t source_count;
	struct test_count files; /* of report files */
};

/* next: borrowed for its life. */
void tally_begin(struct tally *tally, struct report *next);
void tally_release(struct tally *tally);

/*
 * Adds a JUnit report (github.com/testmoapp/junitxml): one test a <testcase>, failed with a
 * <failure> or an <error> in it, skipped with a <skipped>. ERROR_CONFIG where it is none.
 */
int tally_add_junit(struct tally *tally, const char *text, size_t len, struct error *err);

/* What came of it: "64 tests, 0 failed", appended; nothing where no tests were seen. */
void tally_describe(const struct tally *tally, struct str *out);
struct test_count tally_sum(const struct tally *tally);

#endif
