/* Compose of both generations on a real Engine; skipped where one is missing. */
#include "base/cleanup.h"
#include "base/mem.h"
#include "docker/compose.h"
#include "live.h"

#include <signal.h>
#include <sys/stat.h>

#define BUSYBOX "/bin/busybox"

static const char compose_file[] =
	"version: '2.4'\n"
	"services:\n"
	"  test:\n"
	"    image: ${STAGES_IMAGE}\n"
	"    build: .\n"
	"    command: ['sh', '-c', 'echo ok 1; exit 3']\n"
	"  app:\n"
	"    image: ${STAGES_IMAGE}\n"
	"    init: true\n"
	"    command: ['httpd', '-f', '-p', '8000']\n"
	"    ports: ['127.0.0.1::8000']\n"
	"    healthcheck:\n"
	"      test: ['CMD', 'wget', '-q', '-O', '/dev/null', "
	"'http://127.0.0.1:8000/bin/busybox']\n"
	"      interval: 1s\n"
	"      retries: 20\n"
	"  acceptance:\n"
	"    image: ${STAGES_IMAGE}\n"
	"    command: ['sh', '-c', 'echo 1..1; echo ok 1']\n"
	"    depends_on: {app: {condition: service_healthy}}\n"
	"  refused:\n"
	"    image: ${STAGES_IMAGE}\n"
	"    command: ['sh', '-c', 'exit 6']\n"
	"  endless:\n"
	"    image: ${STAGES_IMAGE}\n"
	"    command: ['sh', '-c', 'echo up; trap \"exit 0\" TERM; while :; do sleep 1; done']\n";

/* What one generation is tried with. Lines are kept: the services speak TAP. */
struct trial {
	struct report report;
	struct str lines;
	struct live *live;
	struct compose compose;
	char *image;
	int signal_on_line; /* sent to this process at the first line of a service */
};

static void keep_line(struct report *report, const struct report_event *event)
{
	struct trial *trial = (struct trial *)report;

	if (event->kind != REPORT_OUTPUT)
		return;
	str_addf(&trial->lines, "%s|%s\n", event->source, event->text);
	if (trial->signal_on_line && strcmp(event->text, "up") == 0)
		(void)raise(trial->signal_on_line);
}

/*
 * Images that differ in their last layer only: none is the other's parent, and none has a step in
 * common with another test's, whose end could remove it.
 */
static void write_dockerfile(const struct trial *trial, const char *label)
{
	CLEANUP_FREE char *text =
		mem_printf("FROM scratch\nLABEL deployer.test=%s\nCOPY busybox /bin/busybox\n"
			   "RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n"
			   "ENV PATH=/bin\nLABEL deployer.trial=%s\n",
			   trial->image, label);

	live_write(trial->live->dir, "Dockerfile", text);
}

/* Whether the machine has that compose, which is then what COMPOSE runs. */
static bool find_compose(struct compose *compose, const struct live *live, unsigned major)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	char *vars[] = { (char[]){ "DOCKER_CONFIG=/nonexistent" }, NULL };
	struct env without_plugin = { vars };

	if (access(BUSYBOX, X_OK) == 0 &&
	    compose_find(compose, major == 1 ? &without_plugin : &live->env, &err) == 0 &&
	    (compose->major == 1) == (major == 1))
		return true;
	compose_release(compose);
	return false;
}

/* Before the caller has anything to release: skip() jumps. */
static void begin(struct trial *trial, struct live *live, unsigned major)
{
	char *binary;

	*trial = (struct trial){ .report = { .emit = keep_line },
				 .lines = STR_INIT,
				 .live = live,
				 .compose = COMPOSE_INIT };
	if (!find_compose(&trial->compose, live, major))
		skip();
	binary = mem_printf("%s/busybox", live->dir);
	live_write(live->dir, "docker-compose.yml", compose_file);
	free(live_run((const char *const[]){ "cp", BUSYBOX, binary, NULL }));
	free(binary);
	trial->image = mem_printf("deployer-stages-%ld-v%u", (long)getpid(), major);
	write_dockerfile(trial, "first");
	str_adds(&trial->compose.project, trial->image);
	str_adds(&trial->compose.dir, live->dir);
	strv_addf(&trial->compose.files, "%s/docker-compose.yml", live->dir);
	strv_addf(&trial->compose.env, "STAGES_IMAGE=%s", trial->image);
	trial->compose.report = &trial->report;
	trial->compose.engine = live->engine;
}

static void end(struct trial *trial)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_containers_release)
	struct engine_containers list = ENGINE_CONTAINERS_INIT;
	int status = -1;

	assert_int_equal(compose_down(&trial->compose, &status, &err), 0);
	assert_int_equal(status, 0);
	interrupt_clear();
	assert_int_equal(engine_list_project(trial->live->engine, trial->image, NULL, &list, &err),
			 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(engine_remove_image(trial->live->engine, trial->image, &err), 0);
	compose_release(&trial->compose);
	str_release(&trial->lines);
	free(trial->image);
}

/* The id of a service's container, owned by the caller (free()). */
static char *container_of(const struct trial *trial, const char *service)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_containers_release)
	struct engine_containers list = ENGINE_CONTAINERS_INIT;

	assert_int_equal(
		engine_list_project(trial->live->engine, trial->image, service, &list, &err), 0);
	assert_int_equal(list.count, 1);
	return mem_strdup(list.items[0].id);
}

/* What a service is depended on for must not be made anew between two steps of one release. */
static void keeps_what_runs(struct trial *trial)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *before = container_of(trial, "app");
	CLEANUP_FREE char *after = NULL;
	int status = -1;

	assert_int_equal(compose_up_until_exit(&trial->compose, "acceptance", &status, &err), 0);
	assert_int_equal(status, 0);
	after = container_of(trial, "app");
	assert_string_equal(after, before);
}

/* Rebuilt since its container was made, and the old image gone: v1 has an error for that. */
static void survives_the_loss_of_an_old_image(struct trial *trial)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	CLEANUP(strv_release) struct strv only_test = STRV_INIT;
	CLEANUP_FREE char *app = container_of(trial, "app");
	int status = -1;

	strv_add(&only_test, "test");
	assert_int_equal(engine_inspect_image(trial->live->engine, trial->image, &image, &err), 0);
	write_dockerfile(trial, "second");
	assert_int_equal(compose_build(&trial->compose, false, &only_test, &status, &err), 0);
	free(live_run((const char *const[]){ "docker", "stop", app, NULL }));
	free(live_run((const char *const[]){ "docker", "rmi", "-f", image.id.buf, NULL }));
	assert_int_equal(compose_up_until_exit(&trial->compose, "refused", &status, &err), 0);
	assert_int_equal(status, 6);
}

static void runs_every_stage(struct live *live, unsigned major)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str address = STR_INIT;
	const struct strv none = STRV_INIT;
	CLEANUP(strv_release) struct strv only_test = STRV_INIT;
	struct compose_config config = COMPOSE_CONFIG_INIT;
	struct trial trial;
	int status;

	begin(&trial, live, major);
	strv_add(&only_test, "test");
	assert_int_equal(compose_config(&trial.compose, &config, &err), 0);
	assert_string_equal(compose_config_find(&config, "app")->image, trial.image);
	assert_string_equal(compose_config_find(&config, "app")->ports.v[0], "8000");
	compose_config_release(&config);
	assert_int_equal(compose_build(&trial.compose, false, &only_test, &status, &err), 0);
	assert_int_equal(status, 0);
	str_reset(&trial.lines);
	assert_int_equal(compose_run(&trial.compose, "test", &none, &status, &err), 0);
	assert_int_equal(status, 3);
	assert_non_null(strstr(trial.lines.buf, "test|ok 1\n"));
	assert_int_equal(compose_up_until_exit(&trial.compose, "refused", &status, &err), 0);
	assert_int_equal(status, 6);
	assert_int_equal(compose_up_until_exit(&trial.compose, "acceptance", &status, &err), 0);
	assert_int_equal(status, 0);
	assert_non_null(strstr(trial.lines.buf, "acceptance|1..1\nacceptance|ok 1\n"));
	assert_int_equal(
		engine_published_port(live->engine, trial.image, "app", 8000, &address, &err), 0);
	assert_int_equal(strncmp(address.buf, "127.0.0.1:", 10), 0);
	keeps_what_runs(&trial);
	survives_the_loss_of_an_old_image(&trial);
	end(&trial);
}

static void leaves_nothing_behind_when_interrupted(struct live *live, unsigned major)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv only_test = STRV_INIT;
	struct trial trial;
	int status;

	begin(&trial, live, major);
	strv_add(&only_test, "test");
	assert_int_equal(compose_build(&trial.compose, false, &only_test, &status, &err), 0);
	trial.signal_on_line = SIGINT;
	assert_int_equal(compose_up_until_exit(&trial.compose, "endless", &status, &err), -1);
	assert_int_equal(error_exit_status(&err), 130);
	trial.signal_on_line = 0;
	end(&trial);
}

static void runs_every_stage_with_v1(void **state)
{
	runs_every_stage(live_of(state), 1);
}

static void runs_every_stage_with_v2(void **state)
{
	runs_every_stage(live_of(state), 2);
}

static void leaves_nothing_of_v1_when_interrupted(void **state)
{
	leaves_nothing_behind_when_interrupted(live_of(state), 1);
}

static void leaves_nothing_of_v2_when_interrupted(void **state)
{
	leaves_nothing_behind_when_interrupted(live_of(state), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_every_stage_with_v1),
		cmocka_unit_test(runs_every_stage_with_v2),
		cmocka_unit_test(leaves_nothing_of_v1_when_interrupted),
		cmocka_unit_test(leaves_nothing_of_v2_when_interrupted),
	};

	return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
