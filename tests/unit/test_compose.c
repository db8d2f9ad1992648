#include "base/cleanup.h"
#include "base/mem.h"
#include "canned_http.h"
#include "docker/compose.h"
#include "docker/compose_override.h"
#include "docker/engine.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "test.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/*
 * A folder with programs that stand for docker and docker-compose: they note how they were called
 * in `args`, print the file `out`, and exit with the number in `status`.
 */
struct stage {
	char *dir;
	char *old_path;
	struct strv vars;
	struct env env;
};

static void write_file(const struct stage *stage, const char *name, const char *text, mode_t mode)
{
	CLEANUP_FREE char *path = mem_printf("%s/%s", stage->dir, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static char *read_text(const struct stage *stage, const char *name)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = mem_printf("%s/%s", stage->dir, name);
	struct str text = STR_INIT;

	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	return str_detach(&text);
}

static void put_program(const struct stage *stage, const char *name)
{
	CLEANUP_FREE char *script =
		mem_printf("#!/bin/sh\necho \"${0##*/} $* [$COMPOSE_PROGRESS $EXTRA]\" >>%s/args\n"
			   "cat %s/out\nexit \"$(cat %s/status)\"\n",
			   stage->dir, stage->dir, stage->dir);
	CLEANUP_FREE char *path = mem_printf("bin/%s", name);

	write_file(stage, path, script, 0755);
}

static void play(const struct stage *stage, const char *out, const char *status)
{
	write_file(stage, "out", out, 0600);
	write_file(stage, "status", status, 0600);
	write_file(stage, "args", "", 0600);
}

static void set_stage(struct stage *stage)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *bin = NULL;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *cat = NULL;

	*stage = (struct stage){ .vars = STRV_INIT };
	assert_int_equal(file_make_private_dir("test", &stage->dir, &err), 0);
	bin = mem_printf("%s/bin", stage->dir);
	assert_int_equal(mkdir(bin, 0700), 0);
	stage->old_path = mem_strdup(getenv("PATH"));
	/* Nothing but the shell's own tools: no docker of this machine. */
	path = mem_printf("%s/bin", stage->dir);
	assert_int_equal(setenv("PATH", path, 1), 0);
	cat = mem_printf("%s/cat", bin);
	assert_int_equal(symlink("/bin/cat", cat), 0);
	strv_addf(&stage->vars, "DOCKER_CONFIG=%s/config", stage->dir);
	stage->env.vars = strv_array(&stage->vars);
}

static void put_plugin(const struct stage *stage)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *dir = mem_printf("%s/config/cli-plugins", stage->dir);

	assert_int_equal(file_make_dirs(dir, &err), 0);
	write_file(stage, "config/cli-plugins/docker-compose", "", 0755);
	put_program(stage, "docker");
}

static void clear_stage(struct stage *stage)
{
	assert_int_equal(setenv("PATH", stage->old_path, 1), 0);
	file_remove_tree(stage->dir);
	strv_release(&stage->vars);
	free(stage->dir);
	free(stage->old_path);
}

static void find(const struct stage *stage, struct compose *compose)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	assert_int_equal(compose_find(compose, &stage->env, &err), 0);
	strv_add(&compose->files, "/p/docker-compose.yml");
	str_adds(&compose->project, "proj");
	strv_add(&compose->env, "EXTRA=x");
}

static void prefers_the_plugin(void **state)
{
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	CLEANUP_FREE char *args = NULL;

	(void)state;
	set_stage(&stage);
	put_plugin(&stage);
	put_program(&stage, "docker-compose");
	play(&stage, "v2.40.3\n", "0");
	find(&stage, &compose);
	assert_int_equal(compose.major, 2);
	assert_string_equal(compose.version.buf, "2.40.3");
	args = read_text(&stage, "args");
	assert_string_equal(args, "docker compose version --short [ ]\n");
}

static void falls_back_to_the_program_and_looks_at_its_version(void **state)
{
	static const struct {
		const char *out;
		unsigned major; /* 0: refused */
	} rows[] = {
		{ "1.29.2\n", 1 }, { "2.24.6\n", 2 }, { "5.0.0-rc.1\n", 5 },
		{ "2.32.4\n", 0 }, { "2.33.0\n", 2 }, { "nonsense\n", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;

		set_stage(&stage);
		put_program(&stage, "docker-compose");
		play(&stage, rows[i].out, "0");
		assert_int_equal(compose_find(&compose, &stage.env, &err), rows[i].major ? 0 : -1);
		assert_int_equal(compose.major, rows[i].major);
		if (!rows[i].major)
			assert_int_equal(error_exit_status(&err), 5);
	}
}

static void reads_the_version_in_the_head_of_the_old_script(void **state)
{
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;

	(void)state;
	set_stage(&stage);
	/* It would fail if it were started. */
	write_file(&stage, "bin/docker-compose",
		   "#!/bin/false\n# EASY-INSTALL-ENTRY-SCRIPT: "
		   "'docker-compose==1.29.2','console_scripts','docker-compose'\n",
		   0755);
	find(&stage, &compose);
	assert_int_equal(compose.major, 1);
	assert_string_equal(compose.version.buf, "1.29.2");
}

static void passes_on_why_compose_does_not_start(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;

	(void)state;
	set_stage(&stage);
	write_file(&stage, "bin/docker-compose",
		   "#!/bin/sh\necho 'ImportError: no yaml ' >&2\nexit 3\n", 0755);
	assert_int_equal(compose_find(&compose, &stage.env, &err), -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_non_null(strstr(err.msg.buf, "docker-compose"));
	assert_non_null(strstr(err.msg.buf, "status 3: ImportError: no yaml"));
}

/* For all of its users, whose homes have no part in it. */
static bool machine_has_plugin(void)
{
	glob_t found;
	bool is_there = glob("/usr/{,local/}lib{,exec}/docker/cli-plugins/docker-compose",
			     GLOB_BRACE, NULL, &found) == 0;

	globfree(&found);
	return is_there;
}

static void says_how_to_install_compose(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;

	(void)state;
	if (machine_has_plugin())
		skip();
	set_stage(&stage);
	put_program(&stage, "docker"); /* without the plugin */
	assert_int_equal(compose_find(&compose, &stage.env, &err), -1);
	assert_int_equal(err.kind, ERROR_TOOL);
	assert_true(err.fix.len > 0);
}

static void builds_runs_and_cleans_without_a_terminal(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	CLEANUP(strv_release) struct strv services = STRV_INIT;
	CLEANUP(strv_release) struct strv command = STRV_INIT;
	CLEANUP_FREE char *args = NULL;
	int status = 0;

	(void)state;
	set_stage(&stage);
	put_program(&stage, "docker-compose");
	play(&stage, "1.29.2\n", "0");
	find(&stage, &compose);
	play(&stage, "", "0");
	strv_add(&services, "release");
	strv_add_all(&command, "manage.py", "two words", NULL);
	assert_int_equal(compose_build(&compose, true, &services, &status, &err), 0);
	assert_int_equal(compose_run(&compose, "app", &command, &status, &err), 0);
	assert_int_equal(compose_up_until_exit(&compose, "migrate", &status, &err), 0);
	assert_int_equal(compose_down(&compose, &status, &err), 0);
	args = read_text(&stage, "args");
	assert_string_equal(
		args,
		"docker-compose --ansi never -f /p/docker-compose.yml -p proj build --pull release "
		"[plain x]\n"
		"docker-compose --ansi never -f /p/docker-compose.yml -p proj run --rm -T app "
		"manage.py two words [plain x]\n"
		"docker-compose --ansi never -f /p/docker-compose.yml -p proj up --no-log-prefix "
		"--exit-code-from migrate migrate [plain x]\n"
		"docker-compose --ansi never -f /p/docker-compose.yml -p proj down --volumes "
		"--remove-orphans [plain x]\n");
}

/* Facts: reliability E4, E18. */
static void tells_why_a_build_cannot_succeed(void **state)
{
	static const struct {
		const char *said, *status;
		int exit_status; /* 0: the build's own */
	} rows[] = {
		{ "Step 1/2\nwrite /var/lib/docker/x: no space left on device\nService failed\n",
		  "1", 5 },
		{ "toomanyrequests: You have reached your pull rate limit.\n", "1", 13 },
		{ "exec /bin/sh: exec format error\n", "1", 1 },
		{ "no matching manifest for linux/amd64 in the manifest list\n", "1", 1 },
		{ "the tests say: connection refused\n", "1", 0 },
		{ "no space left on device, but elsewhere\n", "0", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
		const struct strv none = STRV_INIT;
		int status = -1;

		set_stage(&stage);
		put_plugin(&stage);
		play(&stage, "2.40.3", "0");
		find(&stage, &compose);
		play(&stage, rows[i].said, rows[i].status);
		assert_int_equal(compose_build(&compose, false, &none, &status, &err),
				 rows[i].exit_status ? -1 : 0);
		assert_int_equal(status, rows[i].status[0] - '0');
		if (!rows[i].exit_status)
			continue;
		assert_int_equal(error_exit_status(&err), rows[i].exit_status);
		assert_true(err.fix.len > 0);
	}
}

/* The classic builder looks through the images of all, of which another may just be removed. */
static void builds_again_where_images_vanish(void **state)
{
	static const struct {
		const char *failures; /* before it succeeds */
		int result;
		int calls;
	} rows[] = { { "0", 0, 1 }, { "1", 0, 2 }, { "2", 0, 3 }, { "3", -1, 3 } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
		CLEANUP_FREE char *script = NULL;
		CLEANUP_FREE char *args = NULL;
		const struct strv none = STRV_INIT;
		int status = -1, calls = 0;

		set_stage(&stage);
		script = mem_printf(
			"#!/bin/sh\necho >>%s/args\n"
			"calls=0\nwhile read -r _; do calls=$((calls + 1)); done <%s/args\n"
			"[ $calls -le %s ] || exit 0\n"
			"echo 'unable to find image \"sha256:35\"'\nexit 1\n",
			stage.dir, stage.dir, rows[i].failures);
		put_plugin(&stage);
		play(&stage, "2.40.3", "0");
		find(&stage, &compose);
		play(&stage, "", "0");
		write_file(&stage, "bin/docker", script, 0755);
		assert_int_equal(compose_build(&compose, false, &none, &status, &err),
				 rows[i].result);
		args = read_text(&stage, "args");
		for (const char *at = args; *at; at++)
			calls += *at == '\n';
		assert_int_equal(calls, rows[i].calls);
		assert_int_equal(err.fix.len > 0, rows[i].result < 0);
	}
}

/* Counts the lines and keeps the last one. */
struct listener {
	struct report report;
	int lines;
	char source[32];
	char text[64];
};

static void listen_to(struct report *report, const struct report_event *event)
{
	struct listener *listener = (struct listener *)report;

	listener->lines++;
	(void)snprintf(listener->source, sizeof(listener->source), "%s",
		       event->source ? event->source : "");
	(void)snprintf(listener->text, sizeof(listener->text), "%s", event->text);
}

static void keeps_the_exit_code_and_the_output_of_a_service(void **state)
{
	struct listener listener = { .report = { .emit = listen_to } };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	const struct strv none = STRV_INIT;
	int status = 0;

	(void)state;
	set_stage(&stage);
	put_plugin(&stage);
	play(&stage, "2.40.3", "0");
	find(&stage, &compose);
	compose.report = &listener.report;
	play(&stage, "1..2\nok 1\nnot ok 2", "7");
	assert_int_equal(compose_run(&compose, "test", &none, &status, &err), 0);
	assert_int_equal(status, 7);
	assert_int_equal(listener.lines, 3);
	assert_string_equal(listener.source, "test");
	assert_string_equal(listener.text, "not ok 2");
}

/* v1 exits 0 when it is told to stop: that is no success of ours. */
static void remembers_its_own_interruption(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	CLEANUP_FREE char *script = NULL;
	int status = 55;

	(void)state;
	set_stage(&stage);
	put_program(&stage, "docker-compose");
	play(&stage, "1.29.2\n", "0");
	find(&stage, &compose);
	script = mem_printf("#!/bin/sh\ntrap 'exit 0' TERM\nkill -TERM %ld\n"
			    "while :; do :; done\n",
			    (long)getpid());
	write_file(&stage, "bin/docker-compose", script, 0755);
	interrupt_install();
	assert_int_equal(compose_up_until_exit(&compose, "acceptance", &status, &err), -1);
	interrupt_clear();
	assert_int_equal(error_exit_status(&err), 128 + SIGTERM);
	assert_int_equal(status, 55);
}

static void ends_a_step_that_takes_too_long(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	int status;

	(void)state;
	set_stage(&stage);
	put_program(&stage, "docker-compose");
	play(&stage, "1.29.2\n", "0");
	find(&stage, &compose);
	write_file(&stage, "bin/docker-compose", "#!/bin/sh\nexec /bin/sleep 60\n", 0755);
	compose.timeout_ms = 100;
	assert_int_equal(compose_up_until_exit(&compose, "migrate", &status, &err), -1);
	assert_int_equal(err.kind, ERROR_CHILD);
	assert_true(err.fix.len > 0);
}

#define PING_URL "http://docker/_ping"
#define LIST_ALL_URL                                                                               \
	"http://docker/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker."     \
	"compose.project%3Dproj%22%5D%7D"
#define LIST_URL                                                                                   \
	"http://docker/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker."     \
	"compose.project%3Dproj%22%2C%22com.docker.compose.service%3Dacceptance%22%5D%7D"

static void believes_the_container_rather_than_compose(void **state)
{
	static const struct {
		const char *containers, *inspect;
		int result, status;
	} rows[] = {
		{ "[{\"Id\":\"c\",\"State\":\"exited\",\"Labels\":{},\"Ports\":[]}]",
		  "{\"State\":{\"ExitCode\":0}}", 0, 0 },
		{ "[{\"Id\":\"c\",\"State\":\"exited\",\"Labels\":{},\"Ports\":[]}]",
		  "{\"State\":{\"ExitCode\":3}}", 0, 3 },
		{ "[{\"Id\":\"c\",\"State\":\"created\",\"Labels\":{},\"Ports\":[]}]", NULL, -1,
		  0 },
		{ "[]", NULL, -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct canned_exchange exchanges[] = {
			{ "GET", PING_URL, 200, "api-version: 1.41", "OK" },
			{ "GET", LIST_URL, 200, NULL, "[]" },
			{ "GET", LIST_ALL_URL, 200, NULL, "[]" },
			{ "GET", LIST_URL, 200, NULL, rows[i].containers },
			{ "GET", "http://docker/v1.41/containers/c/json", 200, NULL,
			  rows[i].inspect },
		};
		struct canned_http canned = CANNED(exchanges);
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
		int status = 99;

		set_stage(&stage);
		put_program(&stage, "docker-compose");
		play(&stage, "1.29.2\n", "0");
		find(&stage, &compose);
		assert_int_equal(engine_new(&canned.http, &stage.env, &compose.engine, &err), 0);
		assert_int_equal(compose_up_until_exit(&compose, "acceptance", &status, &err),
				 rows[i].result);
		if (rows[i].result == 0)
			assert_int_equal(status, rows[i].status);
		else
			assert_int_equal(err.kind, ERROR_CHILD);
		engine_free(compose.engine);
		canned_release(&canned);
	}
}

static void names_the_engines_that_v1_cannot_handle(void **state)
{
	static const struct {
		const char *server;
		bool warns;
	} rows[] = { { "server: Docker/25.0.1 (linux)", true },
		     { "server: Docker/24.0.9 (linux)", false },
		     { "server: Libpod/4.3.1", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP_FREE char *headers = mem_printf("api-version: 1.41\n%s", rows[i].server);
		const struct canned_exchange exchanges[] = {
			{ "GET", PING_URL, 200, headers, "OK" },
			{ "GET", LIST_URL, 200, NULL, "[]" },
			{ "GET", LIST_ALL_URL, 200, NULL, "[]" },
		};
		struct canned_http canned = CANNED(exchanges);
		struct listener listener = { .report = { .emit = listen_to } };
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
		int status;

		set_stage(&stage);
		put_program(&stage, "docker-compose");
		play(&stage, "1.29.2\n", "0");
		find(&stage, &compose);
		play(&stage, "", "1");
		compose.report = &listener.report;
		assert_int_equal(engine_new(&canned.http, &stage.env, &compose.engine, &err), 0);
		assert_int_equal(compose_up_until_exit(&compose, "acceptance", &status, &err), 0);
		assert_int_equal(status, 1);
		assert_int_equal(listener.lines, rows[i].warns ? 1 : 0);
		engine_free(compose.engine);
		canned_release(&canned);
	}
}

/* What 2.40.3 and 1.29.2 print for the same file. */
static const char config_v2[] =
	"{\"name\":\"pp\",\"services\":{\"app\":{\"build\":{\"context\":\"/x\"},\"command\":null,"
	"\"environment\":{\"A\":\"x$$y\",\"B\":null},\"image\":\"example/a$$pp:1\",\"ports\":["
	"{\"mode\":\"ingress\",\"target\":8000,\"protocol\":\"tcp\"},{\"mode\":\"ingress\","
	"\"host_ip\":\"127.0.0.1\",\"target\":9000,\"protocol\":\"udp\"}]},"
	"\"db\":{\"image\":\"postgres\"}}}";
static const char config_v1[] = "services:\n"
				"  app:\n"
				"    build:\n"
				"      context: /x\n"
				"    environment:\n"
				"      A: x$$y\n"
				"      B: null\n"
				"    image: example/a$$pp:1\n"
				"    ports:\n"
				"    - target: 8000\n"
				"    - 127.0.0.1::9000/udp\n"
				"  db:\n"
				"    image: postgres\n"
				"version: '2.4'\n";

static void reads_the_configuration_of_both_generations_alike(void **state)
{
	(void)state;
	for (int v2 = 0; v2 < 2; v2++) {
		const char *text = v2 ? config_v2 : config_v1;
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;
		const struct compose_service *app, *db;

		assert_int_equal(compose_config_parse(text, strlen(text), v2, &config, &err), 0);
		assert_int_equal(config.count, 2);
		app = compose_config_find(&config, "app");
		db = compose_config_find(&config, "db");
		assert_string_equal(app->image, "example/a$pp:1");
		assert_true(app->has_build);
		assert_int_equal(app->ports.count, 2);
		assert_string_equal(app->ports.v[0], "8000");
		assert_string_equal(app->ports.v[1], "9000");
		assert_true(app->is_open);
		assert_false(db->is_open);
		assert_false(db->has_build);
		assert_null(compose_config_find(&config, "web"));
	}
}

static void tells_who_may_reach_a_port(void **state)
{
	static const struct {
		const char *port;
		bool is_open;
	} rows[] = {
		{ "8000", true },
		{ "\"8000/tcp\"", true },
		{ "\"80:8000\"", true },
		{ "\"0.0.0.0:80:8000\"", true },
		{ "\"[::]:80:8000\"", true },
		{ "\"127.0.0.1::8000\"", false },
		{ "\"127.0.0.1:80:8000/udp\"", false },
		{ "\"[::1]::8000\"", false },
		{ "{\"target\": 8000, \"published\": \"80\"}", true },
		{ "{\"target\": \"8000\", \"host_ip\": \"0.0.0.0\"}", true },
		{ "{\"target\": 8000, \"host_ip\": \"127.0.0.1\"}", false },
		{ "{\"published\": 80}", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;
		CLEANUP_FREE char *text =
			mem_printf("{\"services\": {\"app\": {\"ports\": [%s]}}}", rows[i].port);

		assert_int_equal(compose_config_parse(text, strlen(text), true, &config, &err), 0);
		assert_int_equal(config.services[0].is_open, rows[i].is_open);
		if (config.services[0].ports.count)
			assert_string_equal(config.services[0].ports.v[0], "8000");
	}
}

static void passes_on_why_compose_refuses_a_file(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;

	(void)state;
	set_stage(&stage);
	put_program(&stage, "docker-compose");
	play(&stage, "1.29.2\n", "0");
	find(&stage, &compose);
	assert_int_equal(compose_config(&compose, &config, &err), -1);
	assert_string_equal(err.msg.buf, "there is no compose file '/p/docker-compose.yml'");
	error_release(&err);
	strv_release(&compose.files);
	write_file(&stage, "bin/docker-compose",
		   "#!/bin/sh\necho 'Traceback: x' >&2\necho 'ERROR: The Compose file is invalid "
		   "because:' >&2\necho '  services.a must be a mapping' >&2\nexit 1\n",
		   0755);
	assert_int_equal(compose_config(&compose, &config, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "compose refuses the configuration: The Compose file is "
					 "invalid because: services.a must be a mapping");
}

/* A compose that says nothing, and two that print what is no configuration: not the user's fault.
 */
static void says_what_is_wrong_with_what_compose_prints(void **state)
{
	static const struct {
		const char *out, *status;
		enum error_kind kind;
		const char *msg;
	} rows[] = {
		{ "", "3", ERROR_CONFIG, "compose refuses the configuration (status 3)" },
		{ "{\"name\":\"p\"}", "0", ERROR_TOOL,
		  "the output of 'compose config': it has no services" },
		{ "usage: compose", "0", ERROR_TOOL, "the output of 'compose config': line 1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(clear_stage) struct stage stage;
		CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
		CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;

		set_stage(&stage);
		put_plugin(&stage);
		play(&stage, "2.40.3", "0");
		find(&stage, &compose);
		strv_release(&compose.files);
		play(&stage, rows[i].out, rows[i].status);
		assert_int_equal(compose_config(&compose, &config, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(strncmp(err.msg.buf, rows[i].msg, strlen(rows[i].msg)), 0);
		assert_true(err.fix.len > 0);
	}
}

static void passes_on_what_compose_warns_of(void **state)
{
	struct listener listener = { .report = { .emit = listen_to } };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_stage) struct stage stage;
	CLEANUP(compose_release) struct compose compose = COMPOSE_INIT;
	CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;

	(void)state;
	set_stage(&stage);
	put_plugin(&stage);
	play(&stage, "2.40.3", "0");
	find(&stage, &compose);
	strv_release(&compose.files);
	compose.report = &listener.report;
	write_file(&stage, "bin/docker",
		   "#!/bin/sh\n"
		   "echo 'time=\"2026\" level=warning msg=\"no value for X\"' >&2\n"
		   "echo 'time=\"2026\" level=warning msg=\"`version` is obsolete\"' >&2\n"
		   "echo '{\"services\":{}}'\n",
		   0755);
	assert_int_equal(compose_config(&compose, &config, &err), 0);
	assert_int_equal(listener.lines, 1);
	assert_string_equal(listener.text, "compose: no value for X");
}

/* JSON that both generations read as YAML; "$" is doubled, so that nothing is put in for it. */
static void writes_files_that_go_on_top(void **state)
{
	CLEANUP(compose_config_release) struct compose_config config = COMPOSE_CONFIG_INIT;
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(strv_release) struct strv labels = STRV_INIT;
	CLEANUP(strv_release) struct strv images = STRV_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	static const char text[] = "services:\n  app:\n    build: .\n  db:\n    image: db\n";

	(void)state;
	assert_int_equal(compose_config_parse(text, sizeof(text) - 1, false, &config, &err), 0);
	strv_add(&labels, "org.opencontainers.image.source=https://x/?a=$b");
	strv_add(&images, "app=localhost/deployer:p.app");
	compose_override_labels(&config, "2.4", &labels, &out);
	assert_string_equal(out.buf, "{\"version\":\"2.4\",\"services\":{\"app\":{\"build\":{"
				     "\"labels\":{\"org.opencontainers.image.source\":"
				     "\"https://x/?a=$$b\"}}}}}");
	str_reset(&out);
	compose_override_images(&images, "", &out);
	assert_string_equal(out.buf,
			    "{\"services\":{\"app\":{\"image\":\"localhost/deployer:p.app\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefers_the_plugin),
		cmocka_unit_test(falls_back_to_the_program_and_looks_at_its_version),
		cmocka_unit_test(reads_the_version_in_the_head_of_the_old_script),
		cmocka_unit_test(passes_on_why_compose_does_not_start),
		cmocka_unit_test(says_how_to_install_compose),
		cmocka_unit_test(builds_runs_and_cleans_without_a_terminal),
		cmocka_unit_test(tells_why_a_build_cannot_succeed),
		cmocka_unit_test(builds_again_where_images_vanish),
		cmocka_unit_test(keeps_the_exit_code_and_the_output_of_a_service),
		cmocka_unit_test(remembers_its_own_interruption),
		cmocka_unit_test(ends_a_step_that_takes_too_long),
		cmocka_unit_test(believes_the_container_rather_than_compose),
		cmocka_unit_test(names_the_engines_that_v1_cannot_handle),
		cmocka_unit_test(reads_the_configuration_of_both_generations_alike),
		cmocka_unit_test(tells_who_may_reach_a_port),
		cmocka_unit_test(passes_on_why_compose_refuses_a_file),
		cmocka_unit_test(says_what_is_wrong_with_what_compose_prints),
		cmocka_unit_test(passes_on_what_compose_warns_of),
		cmocka_unit_test(writes_files_that_go_on_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
