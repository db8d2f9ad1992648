/* Local stages whose programs or whose Engine do not do their part; docker is played by a script.
 */
#include "base/cleanup.h"
#include "base/mem.h"
#include "deploy/run.h"
#include "sys/file.h"
#include "sys/proc.h"
#include "test.h"

#include <string.h>
#include <sys/stat.h>

#define SERVICES                                                                                   \
	"{\"services\":{\"app\":{\"image\":\"team/app\",\"build\":{}},"                            \
	"\"test\":{\"image\":\"team/test\"},\"release\":{\"image\":\"team/app\"}}}"
#define DOCKER                                                                                     \
	"#!/bin/sh\ncase \"$*\" in\n*' version '*) echo 2.40.3 ;;\n*' config '*) echo '" SERVICES  \
	"' ;;\n*' down '*) exit 3 ;;\nesac\n"

/* A project's folder that is a home too, with docker and its compose plugin in it. */
struct project {
	char *dir;
	char *old_path;
	struct strv vars;
	struct env env;
	struct config config;
	struct pipeline pipeline;
};

/* Has every image, no container, and no room for another name. */
static int answer(struct http *http, const struct http_request *request, struct http_response *ret,
		  struct error *err)
{
	bool names = strstr(request->url, "/tag?") != NULL;

	(void)http;
	(void)err;
	http_response_release(ret);
	ret->status = names ? 500 : 200;
	strv_add(&ret->headers, "api-version: 1.41");
	str_adds(&ret->body, names				    ? "{\"message\":\"no room\"}"
			     : strstr(request->url, "/containers/") ? "[]"
								    : "{\"Id\":\"sha256:ab\"}");
	return 0;
}

static void put(const struct project *project, const char *name, const char *text, mode_t mode)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(project->dir, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	assert_int_equal(file_make_dirs(dir, &err), 0);
	assert_int_equal(file_write_atomic(path, text, strlen(text), mode, &err), 0);
}

static void begin(struct project *project, const char *settings)
{
	static struct http http = { answer };
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *file = NULL;

	*project = (struct project){ .vars = STRV_INIT, .config = CONFIG_INIT };
	assert_int_equal(file_make_private_dir("test", &project->dir, &err), 0);
	put(project, "docker", DOCKER, 0700);
	put(project, ".docker/cli-plugins/docker-compose", "", 0700);
	put(project, "docker-compose.yml", SERVICES, 0600);
	put(project, "deployer.yml", settings, 0600);
	file = file_join(project->dir, "deployer.yml");
	assert_int_equal(config_load(file, NULL, &project->config, &err), 0);
	project->old_path = mem_strdup(getenv("PATH"));
	assert_int_equal(setenv("PATH", project->dir, 1), 0);
	strv_addf(&project->vars, "HOME=%s", project->dir);
	project->env.vars = strv_array(&project->vars);
	project->pipeline = (struct pipeline){
		.config = &project->config,
		.http = &http,
		.env = &project->env,
		.report = &report_none,
	};
}

static void end(struct project *project)
{
	assert_int_equal(setenv("PATH", project->old_path, 1), 0);
	file_remove_tree(project->dir);
	config_release(&project->config);
	strv_release(&project->vars);
	free(project->old_path);
	free(project->dir);
}

static void says_which_step_of_a_stage_did_not_come_to_its_end(void **state)
{
	static const struct {
		const char *settings, *msg, *fix;
		enum error_kind kind;
	} rows[] = {
		{ "stages: {test: [{exec: [/bin/sleep, '60']}]}\n",
		  "step '/bin/sleep 60': not done after 1 s",
		  "give it longer as compose.timeout in deployer.yml", ERROR_TEST },
		{ "stages: {test: [{build: [app]}]}\n",
		  "step 'build app': naming what was built: Docker Engine: no room", "",
		  ERROR_TOOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		struct project project;
		struct run run;

		begin(&project, rows[i].settings);
		project.pipeline.stages[STAGE_TEST] = true;
		run = run_of(&project.pipeline);
		str_adds(&run.version.tag, "5fdbe62");
		assert_int_equal(run_check_services(&run, &err), 0);
		run.compose.timeout_ms = 1000;
		assert_int_equal(stage_test(&run, &err), -1);
		assert_int_equal(err.kind, rows[i].kind);
		assert_string_equal(err.msg.buf, rows[i].msg);
		assert_string_equal(err.fix.buf, rows[i].fix);
		run_release(&run);
		end(&project);
	}
}

static void says_that_compose_did_not_clean_up(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(end) struct project project;

	(void)state;
	begin(&project, "project: todo\n");
	assert_int_equal(pipeline_clean(&project.pipeline, false, &err), -1);
	assert_int_equal(err.kind, ERROR_CHILD);
	assert_string_equal(err.msg.buf, "compose down exited with status 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_step_of_a_stage_did_not_come_to_its_end),
		cmocka_unit_test(says_that_compose_did_not_clean_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
