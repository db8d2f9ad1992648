#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "deploy/record.h"
#include "deploy/run.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/proc.h"

#include <string.h>
#include <sys/stat.h>

#define REPORT_MAX_BYTES (64UL << 20)

static int run_program(struct run *run, const struct strv *args, int *ret_status, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct proc_output output = { &run->tally.report, args->v[0] };
	struct proc_end end;

	strv_add_list(&proc.args, args);
	proc.role = PROC_OWN;
	strv_addf(&proc.env, "APP_VERSION=%s", run->version.tag.buf);
	if (run->session.serve.dir)
		docker_session_add_env(&run->session, run->pipeline->env, &proc.env);
	proc.dir = run->pipeline->config->dir;
	proc_report_to(&proc, &output);
	proc.timeout_ms = run->compose.timeout_ms;
	if (proc_run(&proc, &end, err) < 0)
		return -1;
	if (end.timed_out) {
		error_set(err, ERROR_CHILD, "not done after %u s", proc.timeout_ms / 1000);
		return error_fix(err, "give it longer as compose.timeout in deployer.yml");
	}
	*ret_status = end.signal ? 128 + end.signal : end.status;
	return 0;
}

static int run_in_service(struct run *run, const struct strv *args, int *ret_status,
			  struct error *err)
{
	CLEANUP(strv_release) struct strv command = STRV_INIT;

	for (size_t i = 1; i < args->count; i++)
		strv_add(&command, args->v[i]);
	return compose_run(&run->compose, args->v[0], &command, ret_status, err);
}

static int run_step(struct run *run, const struct step *step, int *ret_status, struct error *err)
{
	switch (step->kind) {
	case STEP_BUILD:
		return run_build(run, step, ret_status, err);
	case STEP_UP:
		return compose_up_until_exit(&run->compose, step->args.v[0], ret_status, err);
	case STEP_RUN:
		return run_in_service(run, &step->args, ret_status, err);
	case STEP_EXEC:
		break;
	}
	return run_program(run, &step->args, ret_status, err);
}

/* The steps one after the other; the first that fails ends them with `kind`. */
static int run_each(struct run *run, const struct steps *steps, enum error_kind kind,
		    struct error *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		CLEANUP(str_release) struct str name = STR_INIT;
		int status = 0;

		step_describe(step, &name);
		run->has_containers = run->has_containers || step->kind != STEP_BUILD;
		if (run_step(run, step, &status, err) < 0) {
			if (err->kind == ERROR_CHILD)
				error_become(err, kind);
			return error_wrap(err, "step '%s'", name.buf);
		}
		if (status == 0)
			continue;
		error_set(err, kind, "step '%s' failed with status %d", name.buf, status);
		return error_fix(err, "its output is above; APP_VERSION was %s",
				 run->version.tag.buf);
	}
	return 0;
}

/* What tells one writing of a file from another; "" where there is no file. */
static char *stamp_of(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return mem_strdup("");
	return mem_printf("%ju %jd %jd.%09ld", (uintmax_t)status.st_ino, (intmax_t)status.st_size,
			  (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

/* How the report files stand, in the order of the setting. */
static void stamp_reports(const struct config *config, struct strv *ret)
{
	const struct strv *names = config_list(config, CONFIG_REPORTS);

	for (size_t i = 0; i < names->count; i++) {
		CLEANUP_FREE char *path = file_join(config->dir, names->v[i]);

		strv_take(ret, stamp_of(path));
	}
}

/*
 * A report of an earlier stage or run says nothing about this one: only what was written since
 * `before` is read. One that cannot be read changes nothing about what the tests said by their exit
 * status.
 */
static void read_reports(struct run *run, const struct strv *before)
{
	const struct config *config = run->pipeline->config;
	const struct strv *names = config_list(config, CONFIG_REPORTS);
	char *const *stamps = strv_array(before);

	for (size_t i = 0; i < names->count; i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str text = STR_INIT;
		CLEANUP_FREE char *path = file_join(config->dir, names->v[i]);
		CLEANUP_FREE char *now = stamp_of(path);

		if (!*now || strcmp(now, stamps[i]) == 0)
			continue;
		if (file_read(path, REPORT_MAX_BYTES, &text, &err) < 0 ||
		    tally_add_junit(&run->tally, text.buf, text.len, &err) < 0)
			report_warning(run->pipeline->report, "test report '%s': %s", path,
				       err.msg.buf);
	}
}

/* Tests that failed in a service that ended with 0 are worth a look. */
static void settle_tally(struct run *run, bool ok)
{
	struct test_count sum = tally_sum(&run->tally);

	tally_describe(&run->tally, &run->outcome);
	if (ok && sum.failed + sum.missing)
		report_warning(run->pipeline->report,
			       "%s, but every step ended with status 0: see that the tests end "
			       "with another one",
			       run->outcome.buf);
}

/* What the next stages mean by "the image"; steps that build none have none. */
static void tell_image(struct run *run)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	const char *app = config_text(run->pipeline->config, CONFIG_SERVICE_APP);

	if (run->is_built &&
	    engine_inspect_image(run->engine, run_image(run, app), &image, &err) == 0)
		fact_tell(run->pipeline->report, FACT_IMAGE, "%s", image.id.buf);
}

static int run_steps(struct run *run, const struct steps *steps, enum error_kind kind,
		     struct error *err)
{
	CLEANUP(strv_release) struct strv reports = STRV_INIT;
	int result;

	if (run_open_local(run, err) < 0)
		return -1;
	stamp_reports(run->pipeline->config, &reports);
	tally_begin(&run->tally, run->pipeline->report);
	run->compose.report = &run->tally.report;
	result = run_each(run, steps, kind, err);
	run->compose.report = run->pipeline->report;
	read_reports(run, &reports);
	settle_tally(run, result == 0);
	if (result == 0)
		tell_image(run);
	return result;
}

int stage_test(struct run *run, struct error *err)
{
	return run_steps(run, &run->pipeline->config->test, ERROR_TEST, err);
}

/* "8000" as a number; 0 where it is none. */
static unsigned port_number(const char *text)
{
	uint64_t number = 0;

	return slice_to_u64(slice_of(text), 65535, &number) ? (unsigned)number : 0;
}

/* The port on which the application answers: the setting, else the first that compose publishes. */
static unsigned app_port(const struct run *run)
{
	const struct config *config = run->pipeline->config;
	const struct compose_service *app =
		compose_config_find(&run->services, config_text(config, CONFIG_SERVICE_APP));
	const char *set = config_text(config, CONFIG_APP_PORT);

	if (*set)
		return port_number(set);
	return app && app->ports.count ? port_number(app->ports.v[0]) : 0;
}

/* Says where the application runs; that it cannot be told is no failure of the release. */
static void tell_address(struct run *run)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str address = STR_INIT;
	const char *app = config_text(run->pipeline->config, CONFIG_SERVICE_APP);
	unsigned port = app_port(run);

	if (!port || engine_published_port(run->engine, run->compose.project.buf, app, port,
					   &address, &err) < 0)
		return;
	run->is_app_up = true;
	report_result(run->pipeline->report, "app running at http://%s", address.buf);
	fact_tell(run->pipeline->report, FACT_ADDRESS, "http://%s", address.buf);
}

int stage_release(struct run *run, struct error *err)
{
	if (run_steps(run, &run->pipeline->config->release, ERROR_RELEASE, err) < 0)
		return -1;
	tell_address(run);
	if (run->is_app_up)
		run_unlock_project(run);
	return 0;
}

void run_compose_down(struct run *run)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	int status = 0;

	interrupt_tell(run->pipeline->report, "the containers");
	if (compose_down(&run->compose, &status, &err) < 0)
		report_warning(run->pipeline->report, "containers may be left behind: %s",
			       err.msg.buf);
	else if (status)
		report_warning(run->pipeline->report,
			       "containers may be left behind: compose down exited with status %d",
			       status);
	run->has_containers = false;
}
