#include "base/cleanup.h"
#include "base/mem.h"
#include "sys/file.h"
#include "test.h"
#include "ui/text_line.h"
#include "ui/view.h"

#include <stdlib.h>
#include <string.h>

/*
 * Scenes of a release, drawn at several widths and held against tests/unit/golden/SCENE-WIDTH.txt.
 * With UPDATE_GOLDEN=1 in the environment the files are written instead: look at the difference.
 */
#define START 1000000

struct scene {
	struct view view;
	int64_t now_ms;
};

static void tell(struct scene *scene, struct report_event event)
{
	view_note(&scene->view, &event, scene->now_ms);
}

static void begin(struct scene *scene, const char *stage, int64_t usual_ms)
{
	tell(scene, (struct report_event){
			    .kind = REPORT_STAGE_BEGIN, .stage = stage, .usual_ms = usual_ms });
}

/* "5 UPDATE_COMPLETE Path" `after_s` seconds after the last. */
static void resource(struct scene *scene, int after_s, const char *path, const char *status)
{
	scene->now_ms += after_s * 1000;
	tell(scene,
	     (struct report_event){ .kind = REPORT_EVENT,
				    .source = path,
				    .type = "AWS::X::Y",
				    .status = status,
				    .usual_ms = strcmp(path, "ApplicationService") ? 0 : 180000,
				    .done = 3,
				    .total = 7 });
}

static void transfer(struct scene *scene, const char *source, uint64_t done, uint64_t total)
{
	tell(scene,
	     (struct report_event){
		     .kind = REPORT_PROGRESS, .source = source, .done = done, .total = total });
}

static void output(struct scene *scene, const char *source, const char *line)
{
	tell(scene, (struct report_event){ .kind = REPORT_OUTPUT, .source = source, .text = line });
}

static void play_deploy(struct scene *scene)
{
	begin(scene, "deploy", 250000);
	resource(scene, 1, "todobackend", "UPDATE_IN_PROGRESS");
	resource(scene, 2, "ApplicationTaskDefinition", "UPDATE_IN_PROGRESS");
	resource(scene, 0, "Network", "UPDATE_IN_PROGRESS");
	resource(scene, 3, "Network/Subnet", "UPDATE_IN_PROGRESS");
	resource(scene, 1, "ApplicationTaskDefinition", "UPDATE_COMPLETE");
	resource(scene, 1, "ApplicationService", "UPDATE_IN_PROGRESS");
	resource(scene, 30, "Network/Route", "UPDATE_FAILED");
	tell(scene, (struct report_event){ .kind = REPORT_STATE,
					   .source = "ApplicationService",
					   .text = "1 of 2 tasks run, 1 start" });
	scene->now_ms += 61000;
}

static void play_rollback(struct scene *scene)
{
	begin(scene, "deploy", 60000);
	resource(scene, 1, "todobackend", "UPDATE_IN_PROGRESS");
	resource(scene, 2, "ApplicationService", "UPDATE_IN_PROGRESS");
	resource(scene, 90, "todobackend", "UPDATE_ROLLBACK_IN_PROGRESS");
	resource(scene, 4, "ApplicationService", "UPDATE_COMPLETE");
	resource(scene, 5, "todobackend", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
	scene->now_ms += 4000;
}

static void play_services(struct scene *scene)
{
	begin(scene, "deploy", 30500);
	resource(scene, 1, "todobackend", "UPDATE_IN_PROGRESS");
	resource(scene, 1, "ApplicationService", "UPDATE_IN_PROGRESS");
	resource(scene, 0, "Workers", "UPDATE_IN_PROGRESS");
	resource(scene, 0, "Workers/Service", "UPDATE_IN_PROGRESS");
	tell(scene, (struct report_event){ .kind = REPORT_STATE,
					   .source = "ApplicationService",
					   .text = "1 of 2 tasks run, 2 failed, 1 start" });
	tell(scene, (struct report_event){ .kind = REPORT_STATE,
					   .source = "Workers/Service",
					   .text = "3 of 3 tasks run" });
	resource(scene, 20, "Workers/Service", "UPDATE_COMPLETE");
	resource(scene, 8, "Workers", "UPDATE_ROLLBACK_IN_PROGRESS");
}

static void play_publish(struct scene *scene)
{
	begin(scene, "publish", 0);
	transfer(scene, "5f70bf18a086", 40100000, 120300000);
	transfer(scene, "0b31b1abc123", 0, 0);
	transfer(scene, "a3ed95caeb02", 9000000, 9000000);
	transfer(scene, "7c457f213c76", 512, 0);
	for (int i = 0; i < 7; i++) {
		CLEANUP_FREE char *layer = mem_printf("layer-%d", i);

		transfer(scene, layer, (uint64_t)i * 1000000 + 1, 10000000);
	}
	scene->now_ms += 12300;
}

static void play_test(struct scene *scene)
{
	begin(scene, "test", 0);
	output(scene, "test_1", "1..64");
	output(scene, "test_1", "\033[32mok\033[0m 1 creates an item");
	output(scene, "test_1",
	       "ok 2 \u7e41\u9ad4\u4e2d\u6587 wide and \u202e\033]0;hostile\a text");
	output(scene, "db_1", "ready for connections");
	output(scene, "test_1",
	       "ok 3 a line that is far too long for any screen of eighty columns, which most are");
	scene->now_ms += 41000;
}

static void play_build(struct scene *scene)
{
	begin(scene, "test", 90000);
	output(scene, "build", "Step 2/9 : COPY src /app");
	output(scene, "build", "Step 99/9 : no step");
	output(scene, "build", "#8 [test 3/12] RUN make");
	output(scene, "build", "#8 0.512 [1/2x] compiling");
	scene->now_ms += 30000;
}

static void play_crowd(struct scene *scene)
{
	begin(scene, "deploy", 0);
	resource(scene, 0, "big", "UPDATE_IN_PROGRESS");
	for (int i = 0; i < 60; i++) {
		CLEANUP_FREE char *path = mem_printf("Resource%02d", i);

		resource(scene, 1, path, "UPDATE_IN_PROGRESS");
		if (i % 3)
			resource(scene, 1, path, "UPDATE_COMPLETE");
	}
	output(scene, "hook", "one");
	output(scene, "hook", "two");
}

static const struct row {
	const char *name;
	void (*play)(struct scene *scene);
	unsigned columns, rows;
} rows[] = {
	{ "build", play_build, 40, 24 },       { "build", play_build, 80, 24 },
	{ "deploy", play_deploy, 40, 24 },     { "deploy", play_deploy, 80, 24 },
	{ "deploy", play_deploy, 120, 24 },    { "rollback", play_rollback, 40, 24 },
	{ "rollback", play_rollback, 80, 24 }, { "services", play_services, 40, 24 },
	{ "services", play_services, 80, 24 }, { "services", play_services, 120, 24 },
	{ "publish", play_publish, 40, 24 },   { "publish", play_publish, 80, 24 },
	{ "publish", play_publish, 120, 24 },  { "test", play_test, 40, 24 },
	{ "test", play_test, 80, 24 },	       { "test", play_test, 120, 24 },
	{ "crowd", play_crowd, 40, 12 },       { "crowd", play_crowd, 80, 24 },
};

static void draw(const struct row *row, const struct view_screen *screen, struct strv *lines)
{
	struct scene scene = { .now_ms = START };

	row->play(&scene);
	view_render(&scene.view, screen, scene.now_ms, lines);
	view_release(&scene.view);
}

static void compare(const struct row *row, const struct str *drawn)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str golden = STR_INIT;
	CLEANUP_FREE char *path =
		mem_printf("tests/unit/golden/%s-%u.txt", row->name, row->columns);

	if (getenv("UPDATE_GOLDEN")) {
		assert_int_equal(file_write_atomic(path, drawn->buf, drawn->len, 0644, &err), 0);
		return;
	}
	assert_int_equal(file_read(path, 1 << 16, &golden, &err), 0);
	if (strcmp(golden.buf, drawn->buf) != 0)
		fail_msg("%s is drawn\n%s", path, drawn->buf);
}

static void draws_each_scene_as_it_was_approved(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct view_screen screen = { rows[i].columns, rows[i].rows, false, true };
		CLEANUP(strv_release) struct strv lines = STRV_INIT;
		CLEANUP(str_release) struct str drawn = STR_INIT;

		draw(&rows[i], &screen, &lines);
		for (size_t j = 0; j < lines.count; j++)
			str_addf(&drawn, "%s\n", lines.v[j]);
		compare(&rows[i], &drawn);
	}
}

/* On every screen: nothing wraps, nothing scrolls, and colours change no place. */
static void fits_every_screen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned columns = 1; columns <= 130; columns++) {
			const struct view_screen plain = { columns, columns % 30 + 1, false, true };
			const struct view_screen color = { columns, columns % 30 + 1, true, false };
			CLEANUP(strv_release) struct strv lines = STRV_INIT;
			CLEANUP(strv_release) struct strv colored = STRV_INIT;

			draw(&rows[i], &plain, &lines);
			draw(&rows[i], &color, &colored);
			assert_true(lines.count < plain.rows || lines.count == 0);
			assert_int_equal(lines.count, colored.count);
			for (size_t j = 0; j < lines.count; j++) {
				assert_true(text_width(lines.v[j]) <=
					    (columns > 1 ? columns - 1 : 1));
				assert_int_equal(text_width(lines.v[j]), text_width(colored.v[j]));
			}
		}
	}
}

/* What goes back is no success, whatever its status says of the way there. */
static void marks_a_rollback(void **state)
{
	static const char *const statuses[] = {
		"UPDATE_FAILED",
		"UPDATE_ROLLBACK_IN_PROGRESS",
		"UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"ROLLBACK_COMPLETE",
	};
	const struct view_screen screen = { 80, 24, true, true };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		CLEANUP(strv_release) struct strv lines = STRV_INIT;
		struct scene scene = { .now_ms = START };

		begin(&scene, "deploy", 0);
		resource(&scene, 0, "app", statuses[i]);
		view_render(&scene.view, &screen, START, &lines);
		assert_non_null(strstr(lines.v[1], "\033[31m"));
		view_release(&scene.view);
	}
}

static void draws_nothing_where_nothing_runs(void **state)
{
	const struct view_screen screen = { 80, 24, false, true };
	struct scene scene = { .now_ms = START };
	CLEANUP(strv_release) struct strv lines = STRV_INIT;

	(void)state;
	output(&scene, "app", "up");
	view_render(&scene.view, &screen, START, &lines);
	assert_int_equal(lines.count, 0);
	/* An operation that is watched is over with its stack; one of a stage, with the stage. */
	resource(&scene, 0, "app", "UPDATE_IN_PROGRESS");
	view_render(&scene.view, &screen, START, &lines);
	assert_int_equal(lines.count, 1);
	resource(&scene, 0, "app", "UPDATE_COMPLETE");
	play_deploy(&scene);
	tell(&scene, (struct report_event){ .kind = REPORT_STAGE_END, .stage = "deploy" });
	strv_release(&lines);
	view_render(&scene.view, &screen, START, &lines);
	assert_int_equal(lines.count, 0);
	view_release(&scene.view);
}

static void cuts_a_line_where_the_screen_ends(void **state)
{
	static const struct {
		const char *text;
		unsigned limit;
		const char *drawn;
	} cuts[] = {
		{ "whole", 5, "whole" },
		{ "whole", 4, "who~" },
		{ "", 3, "" },
		{ "wide \u4e2d\u6587", 9, "wide \u4e2d\u6587" },
		{ "wide \u4e2d\u6587", 8, "wide \u4e2d~" },
		{ "wide \u4e2d\u6587", 7, "wide ~" },
		{ "e\u0301a", 2, "e\u0301a" },
		{ "a\tb", 3, "a b" },
		{ "\xff\xfe", 2, "\xff\xfe" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct text_line line = text_line_of(cuts[i].limit, true);

		text_line_add(&line, cuts[i].text);
		assert_string_equal(line.text.buf, cuts[i].drawn);
		assert_true(line.width <= cuts[i].limit);
		str_release(&line.text);
	}
}

static void ends_every_colour_that_it_begins(void **state)
{
	struct text_line line = text_line_of(6, true);

	(void)state;
	text_line_color(&line, TEXT_RED, "failed");
	text_line_color(&line, TEXT_RED, "more");
	assert_string_equal(line.text.buf, "\033[31mfailed\033[0m");
	str_release(&line.text);
	line = text_line_of(8, true);
	text_line_add(&line, "ab");
	text_line_pad(&line, 5);
	text_line_color(&line, TEXT_BOLD, "3/5");
	assert_string_equal(line.text.buf, "ab   \033[1m3/5\033[0m");
	assert_int_equal(line.width, 8);
	str_release(&line.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_each_scene_as_it_was_approved),
		cmocka_unit_test(fits_every_screen),
		cmocka_unit_test(marks_a_rollback),
		cmocka_unit_test(draws_nothing_where_nothing_runs),
		cmocka_unit_test(cuts_a_line_where_the_screen_ends),
		cmocka_unit_test(ends_every_colour_that_it_begins),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
