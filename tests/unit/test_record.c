/* Release records: what a file says, how it is kept while its writer may be killed, and its end. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/recorder.h"
#include "deploy/records.h"
#include "deploy/resume.h"
#include "deploy/run.h"
#include "fake_clock.h"
#include "sys/file.h"
#include "test.h"
#include "ui/history.h"
#include "ui/summary.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int make_folder(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *dir;

	if (file_make_private_dir("test-record", &dir, &err) < 0)
		return -1;
	*state = dir;
	return 0;
}

static int remove_folder(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}

/* A run of release, as the command line describes it. */
static void describe(struct record *run, const char *id, const char *environment)
{
	str_adds(&run->id, id);
	str_adds(&run->command, "release");
	str_adds(&run->environment, environment);
	str_adds(&run->who, "alice@host");
	for (int i = 0; i < STAGE_COUNT; i++)
		run->stages[i].is_wanted = true;
}

static void stage_event(struct recorder *recorder, enum report_kind kind, const char *stage, int ok)
{
	const struct report_event event = { .kind = kind, .stage = stage, .ok = ok };

	recorder->report.emit(&recorder->report, &event);
}

static void append(const char *path, const char *bytes)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	str_adds(&text, bytes);
	assert_int_equal(file_write_atomic(path, text.buf, text.len, 0600, &err), 0);
}

static void begin(struct recorder *recorder, struct fake_clock *clock, const char *path)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(record_release) struct record run = RECORD_INIT;

	recorder_init(recorder, &clock->clock, &report_none);
	assert_int_equal(recorder_open(recorder, path, &err), 0);
	describe(&run, "20260102T030405Z-0a1b2c3d", "dev");
	recorder_begin(recorder, &run);
}

static void read_one(const char *path, struct records *ret)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	assert_int_equal(records_read_file(path, ret, &err), 0);
	assert_int_equal(ret->count, 1);
}

static void a_killed_run_leaves_a_readable_record_that_goes_on(void **state)
{
	CLEANUP(error_release) struct error none = ERROR_INIT;
	CLEANUP(records_release) struct records killed = RECORDS_INIT;
	CLEANUP(records_release) struct records whole = RECORDS_INIT;
	CLEANUP_FREE char *path = file_join(*state, "r/one.jsonl");
	struct fake_clock clock = FAKE_CLOCK(1767323045000);
	struct recorder recorder;

	begin(&recorder, &clock, path);
	stage_event(&recorder, REPORT_STAGE_BEGIN, "test", true);
	clock.now_ms += 10000;
	stage_event(&recorder, REPORT_STAGE_END, "test", true);
	fact_tell(&recorder.report, FACT_VERSION, "%s", "5fdbe62");
	stage_event(&recorder, REPORT_STAGE_BEGIN, "publish", true);
	recorder_release(&recorder);
	append(path, "{\"type\": \"fact\", \"name\": \"vers");

	read_one(path, &killed);
	assert_int_equal(killed.items[0].record.exit_status, -1);
	assert_int_equal(killed.items[0].record.stages[STAGE_PUBLISH].state, RECORD_RUNNING);
	assert_true(record_has_done(&killed.items[0].record, STAGE_TEST));
	assert_false(resume_is_complete(&killed.items[0].record));

	begin(&recorder, &clock, path);
	assert_string_equal(record_fact(&recorder.record, FACT_VERSION), "5fdbe62");
	assert_false(record_is_new(&recorder.record, FACT_VERSION));
	stage_event(&recorder, REPORT_STAGE_SKIP, "publish", true);
	recorder_end(&recorder, &none);
	recorder_release(&recorder);
	read_one(path, &whole);
	assert_int_equal(whole.items[0].record.exit_status, 0);
	assert_int_equal(whole.items[0].record.runs, 2);
	assert_int_equal(whole.items[0].record.stages[STAGE_PUBLISH].state, RECORD_SKIPPED);
	assert_string_equal(whole.items[0].record.id.buf, "20260102T030405Z-0a1b2c3d");
}

static void a_record_that_is_being_written_is_locked_and_says_so(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(records_release) struct records records = RECORDS_INIT;
	CLEANUP_FREE char *path = file_join(*state, "one.jsonl");
	struct fake_clock clock = FAKE_CLOCK(1767323045000);
	struct recorder first, second;

	begin(&first, &clock, path);
	recorder_init(&second, &clock.clock, &report_none);
	assert_int_equal(recorder_open(&second, path, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
	read_one(path, &records);
	assert_true(records.items[0].is_running);
	recorder_release(&second);
	recorder_release(&first);
}

static void the_newest_records_are_kept_and_found_by_their_ids(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(records_release) struct records all = RECORDS_INIT;
	CLEANUP(records_release) struct records dev = RECORDS_INIT;
	struct fake_clock clock = FAKE_CLOCK(1767323045000);

	for (int i = 0; i < RECORDS_MAX + 20; i++) {
		CLEANUP_FREE char *id = mem_printf("2026%04d-x", i);
		CLEANUP_FREE char *path = records_new_path(*state, id);
		CLEANUP(record_release) struct record run = RECORD_INIT;
		struct recorder recorder;

		recorder_init(&recorder, &clock.clock, &report_none);
		assert_int_equal(recorder_open(&recorder, path, &err), 0);
		describe(&run, id, i % 2 ? "dev" : "prod");
		recorder_begin(&recorder, &run);
		recorder_release(&recorder);
	}
	assert_int_equal(records_read(*state, NULL, 0, &all, &err), 0);
	assert_int_equal(all.count, RECORDS_MAX);
	assert_string_equal(all.items[0].record.id.buf, "20260119-x");
	assert_ptr_equal(records_find(&all, NULL, &err), &all.items[0]);
	assert_ptr_equal(records_find(&all, "20260118", &err), &all.items[1]);
	assert_null(records_find(&all, "2026011", &err));
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_int_equal(records_read(*state, "dev", 3, &dev, &err), 0);
	assert_int_equal(dev.count, 3);
	assert_string_equal(dev.items[2].record.id.buf, "20260115-x");
}

static void ids_sort_by_time(void **state)
{
	CLEANUP(str_release) struct str first = STR_INIT;
	CLEANUP(str_release) struct str second = STR_INIT;

	(void)state;
	record_make_id(1767323045007, &first);
	record_make_id(1767323045010, &second);
	assert_int_equal(strncmp(first.buf, "20260102T030405.007Z-", 21), 0);
	assert_int_equal(first.len, 29);
	assert_true(strcmp(first.buf, second.buf) < 0);
}

static void what_is_no_record_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "no run has begun" },
		{ "{\"type\": \"end\", \"status\": 0}\n", "line 1 of the record: no run" },
		{ "{\"type\": \"run\", \"format\": 1}\nnoise\n", "line 2 of the record" },
		{ "{\"type\": \"run\"}\n", "a run without a format" },
		{ "{\"type\": \"run\", \"format\": 2}\n", "format 2" },
		{ "{\"at\": 5}\n", "it has no type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(record_release) struct record record = RECORD_INIT;

		assert_int_equal(record_read(cases[i].text, strlen(cases[i].text), &record, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.msg.buf, cases[i].message));
	}
}

/* A record in the middle of things, made of lines. */
static void read_lines(struct record *ret, const char *lines)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	str_adds(&text,
		 "{\"type\": \"run\", \"at\": 1767323045000, \"format\": 1, \"id\": \"a1\", "
		 "\"command\": \"release\", \"who\": \"alice@host\", \"environment\": \"dev\", "
		 "\"stages\": [\"login\", \"test\", \"release\", \"publish\", \"bump\", "
		 "\"deploy\"]}\n");
	str_adds(&text, lines);
	assert_int_equal(record_read(text.buf, text.len, ret, &err), 0);
}

#define DONE(stage)	  "{\"type\": \"stage\", \"stage\": \"" stage "\", \"state\": \"done\"}\n"
#define FACT(name, value) "{\"type\": \"fact\", \"name\": \"" name "\", \"value\": \"" value "\"}\n"
#define END(status)	  "{\"type\": \"end\", \"at\": 1767323055000, \"status\": " status "}\n"
#define TESTED		  DONE("login") DONE("test") DONE("release")
#define PUBLISHED	  FACT("version", "5fdbe62") FACT("published", "r:5fdbe62") DONE("publish")
#define BUMPED		  FACT("bumped", "dev.cfg 1a -> 5fdbe62") DONE("bump")

static void the_last_line_says_what_changed_and_how_to_go_on(void **state)
{
	static const struct {
		const char *lines, *want;
	} cases[] = {
		{ TESTED PUBLISHED BUMPED DONE("deploy") FACT("deployed", "app (3 changed)")
			  FACT("address", "http://127.0.0.1:8000") END("0"),
		  "changed: registry 5fdbe62, dev.cfg 1a -> 5fdbe62, stack app (3 changed); "
		  "running: http://127.0.0.1:8000; next: deployer status --env dev" },
		{ TESTED END("0"), "changed: nothing; not: registry, parameter file, stack; next: "
				   "deployer release --from publish --env dev" },
		{ DONE("login") END("6"), "changed: nothing; not: registry, parameter file, stack; "
					  "next: fix it, commit, deployer release --env dev" },
		{ TESTED PUBLISHED BUMPED END("10"),
		  "changed: registry 5fdbe62, dev.cfg 1a -> 5fdbe62; not: stack (rolled back); "
		  "next: deployer diagnose --env dev" },
		{ TESTED PUBLISHED BUMPED FACT("change_set", "arn:set") END("11"),
		  "changed: registry 5fdbe62, dev.cfg 1a -> 5fdbe62, stack (half-way); "
		  "next: deployer diagnose --env dev" },
		{ TESTED END("11"), "changed: nothing; not: registry, parameter file, stack; next: "
				    "deployer diagnose --env dev" },
		{ TESTED PUBLISHED BUMPED
		  "{\"type\": \"stage\", \"stage\": \"deploy\", \"state\": \"unknown\"}\n" END(
			  "12"),
		  "changed: registry 5fdbe62, dev.cfg 1a -> 5fdbe62; running: the stack's "
		  "operation; next: deployer watch --env dev" },
		{ TESTED
		  "{\"type\": \"stage\", \"stage\": \"publish\", \"state\": \"unknown\"}\n" END(
			  "12"),
		  "changed: registry (unknown); not: parameter file, stack; next: deployer release "
		  "--resume --env dev" },
		{ TESTED END("8"), "changed: nothing; not: registry, parameter file, stack; next: "
				   "deployer release --resume --env dev" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(record_release) struct record record = RECORD_INIT;
		CLEANUP(str_release) struct str line = STR_INIT;

		read_lines(&record, cases[i].lines);
		summary_write(&record, &line);
		assert_string_equal(line.buf, cases[i].want);
	}
}

static void resuming_leaves_out_what_was_done(void **state)
{
	static const bool want[STAGE_COUNT] = { [STAGE_LOGIN] = true,
						[STAGE_PUBLISH] = true,
						[STAGE_BUMP] = true,
						[STAGE_DEPLOY] = true };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(record_release) struct record record = RECORD_INIT;
	CLEANUP(record_release) struct record none = RECORD_INIT;
	bool stages[STAGE_COUNT];

	(void)state;
	read_lines(&record, TESTED END("8"));
	assert_int_equal(resume_stages(&record, stages, &err), 0);
	assert_memory_equal(stages, want, sizeof(want));
	assert_int_equal(resume_stages(&none, stages, &err), -1);
	assert_int_equal(err.kind, ERROR_REFUSED);
}

/* What was published must still be there when it is deployed. */
static void resuming_holds_the_record_against_the_registry(void **state)
{
	static const struct {
		const char *digest, *msg;
	} rows[] = {
		{ "sha256:aa", NULL },
		{ "sha256:bb",
		  "5fdbe62 was published as sha256:aa, the registry has sha256:bb now" },
		{ "", "5fdbe62 was published as sha256:aa, the registry has none now" },
	};
	const struct config config = CONFIG_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(record_release) struct record record = RECORD_INIT;
		const struct pipeline pipeline = { .config = &config, .record = &record };
		CLEANUP(run_release) struct run run = run_of(&pipeline);

		read_lines(&record, TESTED PUBLISHED FACT("digest", "sha256:aa"));
		str_adds(&run.version.tag, "5fdbe62");
		str_adds(&run.repository_name, "app");
		str_adds(&run.digest, rows[i].digest);
		assert_int_equal(run_check_claims(&run, &err), rows[i].msg ? -1 : 0);
		if (!rows[i].msg)
			continue;
		assert_int_equal(err.kind, ERROR_REFUSED);
		assert_string_equal(err.msg.buf, rows[i].msg);
		assert_string_equal(err.fix.buf, "begin anew, without --resume or with another "
						 "--record than that of run a1");
	}
}

static void history_and_report_read_what_a_record_says(void **state)
{
	CLEANUP(str_release) struct str line = STR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	CLEANUP(str_release) struct str markdown = STR_INIT;
	CLEANUP(str_release) struct str json = STR_INIT;
	struct records_item item = { .record = RECORD_INIT };

	(void)state;
	read_lines(&item.record, PUBLISHED FACT("subject", "Fix a|b\\u001b[31m <x>") END("10"));
	history_line(&item, "Fix it", &line);
	assert_string_equal(line.buf,
			    "2026-01-02 03:04Z dev      5fdbe62    release   rolled back      10s  "
			    "alice@host  Fix it\n");
	history_report(&item, &text);
	assert_non_null(strstr(text.buf, "release of 5fdbe62 to dev: Fix a|b <x>\n"));
	assert_non_null(strstr(text.buf, "end        rolled back after 10s\n"));
	history_markdown(&item, &markdown);
	assert_non_null(strstr(markdown.buf, "### release of 5fdbe62 to dev: rolled back\n"));
	assert_non_null(strstr(markdown.buf, "Fix a\\|b \\<x\\>"));
	assert_null(strchr(markdown.buf, '\033'));
	record_write_json(&item.record, &json);
	assert_non_null(strstr(json.buf, "\"exit_status\": 10"));
	assert_non_null(strstr(json.buf, "\"version\": \"5fdbe62\""));
	record_release(&item.record);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* A line that is torn must go; this file can only grow. */
static void goes_on_with_no_record_that_cannot_be_mended(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(recorder_release) struct recorder recorder;
	CLEANUP_CLOSE int fd = memfd_create("record", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CLEANUP_FREE char *path = mem_printf("/proc/self/fd/%d", fd);
	CLEANUP_FREE char *want = mem_printf(
		"release record '%s': cannot write to it: Operation not permitted", path);
	struct fake_clock clock = FAKE_CLOCK(0);

	(void)state;
	assert_int_equal(write(fd, "torn", 4), 4);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	recorder_init(&recorder, &clock.clock, &report_none);
	assert_int_equal(recorder_open(&recorder, path, &err), -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_string_equal(err.msg.buf, want);
	assert_int_equal(recorder.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_killed_run_leaves_a_readable_record_that_goes_on),
		IN_FOLDER(a_record_that_is_being_written_is_locked_and_says_so),
		IN_FOLDER(the_newest_records_are_kept_and_found_by_their_ids),
		cmocka_unit_test(goes_on_with_no_record_that_cannot_be_mended),
		cmocka_unit_test(ids_sort_by_time),
		cmocka_unit_test(what_is_no_record_is_refused_with_its_line),
		cmocka_unit_test(the_last_line_says_what_changed_and_how_to_go_on),
		cmocka_unit_test(resuming_leaves_out_what_was_done),
		cmocka_unit_test(resuming_holds_the_record_against_the_registry),
		cmocka_unit_test(history_and_report_read_what_a_record_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
