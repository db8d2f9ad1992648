#include "base/cleanup.h"
#include "base/mem.h"
#include "canned_http.h"
#include "cmd/app.h"
#include "cmd/commands.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define HOST	    "127.0.0.1:5000"
#define ECR_URL	    "http://127.0.0.1:4566/"
/* AWS:token */
#define TOKEN                                                                                      \
	"{\"authorizationData\":[{\"authorizationToken\":\"QVdTOnRva2Vu\",\"expiresAt\":"          \
	"4102444800,\"proxyEndpoint\":\"http://" HOST "\"}]}"

/* login and logout as the command line calls them, AWS and the registry played from a table. */
struct scene {
	struct app app;
	char *dir;
	char *out;
	size_t out_len;
	struct strv vars;
	char *old_path;
};

static void set_scene(struct scene *scene, struct canned_http *canned)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *helper = NULL;

	*scene = (struct scene){ .vars = STRV_INIT };
	assert_int_equal(file_make_private_dir("test", &scene->dir, &err), 0);
	strv_add_all(&scene->vars, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		     "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=http://127.0.0.1:4566", NULL);
	strv_addf(&scene->vars, "DOCKER_CONFIG=%s", scene->dir);
	strv_addf(&scene->vars, "HOME=%s", scene->dir);
	scene->app = (struct app){
		.program = &program_deployer,
		.out = open_memstream(&scene->out, &scene->out_len),
		.talk = stderr,
		.env = { strv_array(&scene->vars) },
		.clock = &system_clock,
		.report = &report_none,
		.http_ = canned ? &canned->http : NULL,
	};
	assert_non_null(scene->app.out);
	scene->old_path = mem_strdup(getenv("PATH"));
	assert_int_equal(setenv("PATH", scene->dir, 1), 0);
	helper = mem_printf("%s/docker-credential-deployer", scene->dir);
	assert_int_equal(symlink("/bin/true", helper), 0);
}

static void clear_scene(struct scene *scene)
{
	assert_int_equal(setenv("PATH", scene->old_path, 1), 0);
	scene->app.http_ = NULL; /* not ours to free by app_release() */
	app_release(&scene->app);
	(void)fclose(scene->app.out);
	file_remove_tree(scene->dir);
	strv_release(&scene->vars);
	free(scene->dir);
	free(scene->out);
	free(scene->old_path);
}

/* Runs `deployer NAME OPTION`. */
static int run(struct scene *scene, const struct cmd *cmd, const char *option, struct error *err)
{
	char *argv[] = { (char[]){ "deployer" }, option ? mem_strdup(option) : NULL, NULL, NULL };
	char *owned = argv[1];
	int argc = option ? 2 : 1;
	void *args = mem_zalloc(cmd->args_size);
	const struct opt_set sets[] = { { cmd->opts, args }, { NULL, NULL } };
	int result = opt_parse(sets, false, &argc, argv, err);

	if (result == 0)
		result = cmd->run(&scene->app, args, argv + 1, err);
	(void)fflush(scene->app.out);
	free(args);
	free(owned);
	return result;
}

/* "" where there is no file. */
static char *read_config(const struct scene *scene)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = mem_printf("%s/config.json", scene->dir);
	struct str text = STR_INIT;

	if (file_exists(path))
		assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	return str_detach(&text);
}

static void names_the_helper_once_the_registry_took_the_token(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", ECR_URL, 200, NULL, TOKEN },
		{ "GET", "http://" HOST "/v2/", 200, NULL, "{}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_scene) struct scene scene;
	CLEANUP_FREE char *config = NULL;
	CLEANUP_FREE char *after = NULL;

	(void)state;
	set_scene(&scene, &canned);
	assert_int_equal(run(&scene, &cmd_login, NULL, &err), 0);
	assert_int_equal(canned.next, canned.count);
	assert_string_equal(canned_header(&canned, "Authorization"), "Basic QVdTOnRva2Vu");
	config = read_config(&scene);
	assert_string_equal(config,
			    "{\n\t\"credHelpers\": {\n\t\t\"" HOST "\": \"deployer\"\n\t}\n}\n");
	assert_string_equal(scene.out,
			    "docker is logged in to " HOST ": docker-credential-deployer gets a "
			    "token each time it is needed\n");
	assert_int_equal(run(&scene, &cmd_logout, NULL, &err), 0);
	assert_non_null(strstr(scene.out, "docker is logged out of " HOST "\n"));
	after = read_config(&scene);
	assert_string_equal(after, "{}\n");
	canned_release(&canned);
}

static void stores_the_token_when_told_to(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", ECR_URL, 200, NULL, TOKEN },
		{ "GET", "http://" HOST "/v2/", 200, NULL, "{}" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_scene) struct scene scene;
	CLEANUP_FREE char *config = NULL;
	CLEANUP_FREE char *after = NULL;

	(void)state;
	set_scene(&scene, &canned);
	assert_int_equal(run(&scene, &cmd_login, "--store", &err), 0);
	config = read_config(&scene);
	assert_non_null(strstr(config, "\"auth\": \"QVdTOnRva2Vu\""));
	assert_string_equal(scene.out,
			    "docker is logged in to " HOST " until 2100-01-01T00:00:00Z\n");
	assert_int_equal(run(&scene, &cmd_logout, NULL, &err), 0);
	after = read_config(&scene);
	assert_string_equal(after, "{}\n");
	canned_release(&canned);
}

static void writes_nothing_where_the_registry_refuses(void **state)
{
	static const struct canned_exchange exchanges[] = {
		{ "POST", ECR_URL, 200, NULL, TOKEN },
		{ "GET", "http://" HOST "/v2/", 401, NULL, "" },
	};
	struct canned_http canned = CANNED(exchanges);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_scene) struct scene scene;
	CLEANUP_FREE char *config = NULL;

	(void)state;
	set_scene(&scene, &canned);
	assert_int_equal(run(&scene, &cmd_login, "--store", &err), -1);
	assert_int_equal(error_exit_status(&err), 4);
	config = read_config(&scene);
	assert_string_equal(config, "");
	canned_release(&canned);
}

static void wants_the_helper_in_the_path(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_scene) struct scene scene;
	CLEANUP_FREE char *helper = NULL;

	(void)state;
	set_scene(&scene, NULL);
	helper = mem_printf("%s/docker-credential-deployer", scene.dir);
	assert_int_equal(unlink(helper), 0);
	assert_int_equal(run(&scene, &cmd_login, NULL, &err), -1);
	assert_int_equal(error_exit_status(&err), 5);
	assert_non_null(strstr(err.fix.buf, "--store"));
}

static void says_that_there_was_no_login(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(clear_scene) struct scene scene;
	CLEANUP_FREE char *config = NULL;

	(void)state;
	set_scene(&scene, NULL);
	assert_int_equal(run(&scene, &cmd_logout, NULL, &err), 0);
	assert_string_equal(scene.out, "docker was not logged in\n");
	config = read_config(&scene);
	assert_string_equal(config, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_helper_once_the_registry_took_the_token),
		cmocka_unit_test(stores_the_token_when_told_to),
		cmocka_unit_test(writes_nothing_where_the_registry_refuses),
		cmocka_unit_test(wants_the_helper_in_the_path),
		cmocka_unit_test(says_that_there_was_no_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
