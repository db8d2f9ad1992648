#include "base/cleanup.h"
#include "base/mem.h"
#include "docker/config.h"
#include "docker/session.h"
#include "sys/file.h"
#include "test.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define HOST	    "127.0.0.1:5000"

/* A docker configuration of its own for each test. */
struct home {
	char *dir;
	char *path;
	struct strv vars;
	struct env env;
};

static void open_home(struct home *home, const char *config)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	*home = (struct home){ .vars = STRV_INIT };
	assert_int_equal(file_make_private_dir("test", &home->dir, &err), 0);
	home->path = mem_printf("%s/config.json", home->dir);
	strv_addf(&home->vars, "DOCKER_CONFIG=%s", home->dir);
	home->env.vars = strv_array(&home->vars);
	if (config)
		assert_int_equal(file_write_atomic(home->path, config, strlen(config), 0600, &err),
				 0);
}

static void close_home(struct home *home)
{
	file_remove_tree(home->dir);
	free(home->dir);
	free(home->path);
	strv_release(&home->vars);
}

static void expect_file(const struct home *home, const char *want)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;

	assert_int_equal(file_read(home->path, 1 << 20, &text, &err), 0);
	assert_string_equal(text.buf, want);
}

static const char users_file[] = "{\n\t\"auths\": {\n\t\t\"https://index.docker.io/v1/\": {\n\t\t\t"
				 "\"auth\": \"am9lam9lOmhlbGxv\"\n\t\t}\n\t},\n\t\"psFormat\": "
				 "\"table {{.ID}}\",\n\t\"n\": 1.10\n}";

static void logs_in_and_out_and_leaves_the_same_bytes(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;
	bool changed;

	(void)state;
	open_home(&home, users_file);
	assert_int_equal(docker_config_set_helper(&home.env, HOST, "deployer", &err), 0);
	expect_file(&home, "{\n\t\"auths\": {\n\t\t\"https://index.docker.io/v1/\": {\n\t\t\t"
			   "\"auth\": \"am9lam9lOmhlbGxv\"\n\t\t}\n\t},\n\t\"psFormat\": "
			   "\"table {{.ID}}\",\n\t\"n\": 1.10,\n\t\"credHelpers\": {\n\t\t\"" HOST
			   "\": \"deployer\"\n\t}\n}");
	assert_int_equal(docker_config_hosts(&home.env, "deployer", "AWS", &hosts, &err), 0);
	assert_int_equal(hosts.count, 1);
	assert_string_equal(hosts.v[0], HOST);
	assert_int_equal(docker_config_forget(&home.env, HOST, "deployer", &changed, &err), 0);
	assert_true(changed);
	expect_file(&home, users_file);
	assert_int_equal(docker_config_forget(&home.env, HOST, "deployer", &changed, &err), 0);
	assert_false(changed);
}

static void makes_the_file_for_its_owner_only(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	struct stat st;

	(void)state;
	open_home(&home, NULL);
	assert_int_equal(rmdir(home.dir), 0);
	assert_int_equal(docker_config_set_helper(&home.env, HOST, "deployer", &err), 0);
	expect_file(&home, "{\n\t\"credHelpers\": {\n\t\t\"" HOST "\": \"deployer\"\n\t}\n}\n");
	assert_int_equal(stat(home.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(home.dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void stores_a_token_as_docker_login_does(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;
	struct docker_login login = { HOST, "AWS", &password, "deployer" };
	struct stat st;
	bool changed;

	(void)state;
	secret_sets(&password, "token");
	open_home(&home, "{\"credHelpers\":{\"" HOST "\":\"deployer\"}}");
	assert_int_equal(chmod(home.path, 0644), 0);
	assert_int_equal(docker_config_store(&home.env, &login, &err), 0);
	assert_int_equal(stat(home.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Empty again after the helper's entry went, so laid out as docker does. */
	expect_file(&home, "{\n\t\"auths\": {\n\t\t\"" HOST "\": {\n\t\t\t\"auth\": \"QVdTOnRva2Vu"
			   "\"\n\t\t}\n\t}\n}");
	assert_int_equal(docker_config_hosts(&home.env, "deployer", "AWS", &hosts, &err), 0);
	assert_int_equal(hosts.count, 1);
	assert_int_equal(docker_config_forget(&home.env, HOST, "deployer", &changed, &err), 0);
	assert_true(changed);
	expect_file(&home, "{}");
}

/* As "docker login" and "aws ecr get-login" left it, by host or by URL. */
static void takes_a_token_away_that_the_helper_is_to_give(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"auths\":{\"https://" HOST "\":{\"auth\":\"QVdTOm9sZA==\"},\"o\":{}}}",
		  "{\"auths\":{\"o\":{}},\"credHelpers\":{\"" HOST "\":\"deployer\"}}" },
		{ "{\"auths\":{\"" HOST "\":{\"auth\":\"QVdTOm9sZA==\"}},\"b\":null}",
		  "{\"b\":null,\"credHelpers\":{\"" HOST "\":\"deployer\"}}" },
		/* Only the mark of what is in a store. */
		{ "{\"auths\":{\"" HOST "\":{}},\"credsStore\":\"pass\"}",
		  "{\"auths\":{\"" HOST "\":{}},\"credsStore\":\"pass\",\"credHelpers\":{\"" HOST
		  "\":\"deployer\"}}" },
		{ "{\"auths\":null,\"credHelpers\":null}",
		  "{\"auths\":null,\"credHelpers\":{\"" HOST "\":\"deployer\"}}" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(close_home) struct home home;

		open_home(&home, rows[i].text);
		assert_int_equal(docker_config_set_helper(&home.env, HOST, "deployer", &err), 0);
		expect_file(&home, rows[i].want);
	}
}

static void forgets_an_entry_that_is_a_whole_url(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	bool changed;

	(void)state;
	open_home(&home, "{\"auths\":{\"https://" HOST "/v2/\":{},\"other\":{}}}");
	assert_int_equal(docker_config_forget(&home.env, HOST, "deployer", &changed, &err), 0);
	assert_true(changed);
	expect_file(&home, "{\"auths\":{\"other\":{}}}");
}

static void leaves_alone_what_it_does_not_understand(void **state)
{
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{ "{\"auths\": {\n", 2 },
		{ "[]", 2 },
		{ "not JSON", 2 },
		{ "{\"credHelpers\": []}", 2 },
		{ "{\"a\":1,\"a\":2}", 2 },
		{ "{\"credHelpers\": {\"" HOST "\": \"ecr-login\"}}", 3 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(error_release) struct error other = ERROR_INIT;
		CLEANUP(close_home) struct home home;
		CLEANUP(secret_release) struct secret password = SECRET_INIT;
		struct docker_login login = { HOST, "AWS", &password, "deployer" };

		open_home(&home, rows[i].text);
		assert_int_equal(docker_config_set_helper(&home.env, HOST, "deployer", &err), -1);
		assert_int_equal(error_exit_status(&err), rows[i].status);
		assert_int_equal(docker_config_store(&home.env, &login, &other), -1);
		expect_file(&home, rows[i].text);
		assert_non_null(strstr(err.msg.buf, rows[i].status == 2 ? home.path : HOST));
		assert_true(err.fix.len > 0);
	}
}

/* Nobody's home: there is no folder to write to. */
static void says_that_there_is_no_home(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	static char *none[] = { NULL };
	const struct env env = { none };

	(void)state;
	assert_int_equal(docker_config_set_helper(&env, HOST, "deployer", &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_string_equal(err.msg.buf, "neither DOCKER_CONFIG nor HOME is set");
	assert_string_equal(err.fix.buf, "set HOME");
}

/* The store is played by a script; its PATH is found by the process that starts it. */
static void passes_on_what_a_credential_store_says(void **state)
{
	static const struct {
		const char *script; /* NULL: there is none */
		const char *msg;
		const char *fix;
	} rows[] = {
		{ NULL, "docker-credential-broken",
		  "install it, or correct 'credsStore' in docker's config.json" },
		{ "#!/bin/sh\nread -r l\necho 'the keychain is locked'\nexit 1\n",
		  "status 1: the keychain is locked", "see 'credsStore' in docker's config.json" },
		{ "#!/bin/sh\nread -r l\necho \"not $l\"\nexit 1\n", "\"Secret\":\"***\"}",
		  "see 'credsStore' in docker's config.json" },
		{ "#!/bin/sh\nread -r l\nexit 4\n", "status 4",
		  "see 'credsStore' in docker's config.json" },
	};
	static const char config[] = "{\"credsStore\": \"broken\"}";

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(close_home) struct home home;
		CLEANUP(secret_release) struct secret password = SECRET_INIT;
		CLEANUP_FREE char *old_path = mem_strdup(getenv("PATH"));
		CLEANUP_FREE char *store = NULL;
		struct docker_login login = { HOST, "AWS", &password, "deployer" };

		open_home(&home, config);
		secret_sets(&password, "token");
		store = mem_printf("%s/docker-credential-broken", home.dir);
		if (rows[i].script) {
			assert_int_equal(file_write_atomic(store, rows[i].script,
							   strlen(rows[i].script), 0700, &err),
					 0);
		}
		assert_int_equal(setenv("PATH", home.dir, 1), 0);
		assert_int_equal(docker_config_store(&home.env, &login, &err), -1);
		assert_int_equal(setenv("PATH", old_path, 1), 0);
		assert_int_equal(err.kind, ERROR_TOOL);
		assert_non_null(strstr(err.msg.buf, rows[i].msg));
		assert_string_equal(err.fix.buf, rows[i].fix);
		expect_file(&home, config);
	}
}

/* A file of /proc whose mode nobody can change, and which says what this thread is called: {}. */
static void stores_no_token_where_others_may_read_it(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	struct docker_login login = { HOST, "AWS", &password, "deployer" };
	char name[16];
	int result;

	(void)state;
	secret_sets(&password, "token");
	open_home(&home, NULL);
	assert_int_equal(symlink("/proc/thread-self/comm", home.path), 0);
	assert_int_equal(prctl(PR_GET_NAME, name), 0);
	assert_int_equal(prctl(PR_SET_NAME, "{}"), 0);
	result = docker_config_store(&home.env, &login, &err);
	assert_int_equal(prctl(PR_SET_NAME, name), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_non_null(strstr(err.msg.buf, "config.json': Operation not permitted"));
}

static void a_session_needs_a_configuration_that_can_be_read(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	CLEANUP(docker_session_close) struct docker_session session = DOCKER_SESSION_INIT;
	struct secret password = SECRET_INIT;
	const struct engine_auth auth = { "AWS", &password, HOST };

	(void)state;
	open_home(&home, "[]");
	assert_int_equal(docker_session_open(&home.env, &auth, "/nonexistent", &session, &err), -1);
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_int_equal(
		strncmp(err.msg.buf, "docker configuration for the programs to start: '", 49), 0);
	assert_non_null(strstr(err.msg.buf, "config.json': not a JSON object"));
	assert_true(err.fix.len > 0);
}

static void knows_which_helpers_docker_asks(void **state)
{
	static const struct {
		const char *text;
		bool asks;
	} rows[] = {
		{ "{}", false },
		{ "{\"credsStore\": \"ecr-login\"}", true },
		{ "{\"credsStore\": \"desktop\"}", false },
		{ "{\"credHelpers\": {\"" HOST "\": \"ecr-login\"}}", true },
		{ "{\"credHelpers\": {\"" HOST "\": \"deployer\"}}", false },
		{ "not JSON", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(close_home) struct home home;

		open_home(&home, rows[i].text);
		assert_int_equal(docker_config_asks(&home.env, "ecr-login"), rows[i].asks);
	}
}

/* The third party's samples: each is read, edited, and the same again afterwards. */
static void edits_every_sample_of_the_docker_cli(void **state)
{
	json_auto_t *vectors = vectors_read("docker/config-json-samples.json");
	json_t *row;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(vectors), 19);
	json_array_foreach(vectors, i, row)
	{
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(close_home) struct home home;
		char *text = json_dumps(json_object_get(row, "config"), JSON_INDENT(2));
		json_auto_t *edited = NULL;
		bool changed;

		open_home(&home, text);
		assert_int_equal(docker_config_set_helper(&home.env, HOST, "deployer", &err), 0);
		edited = docker_config_read(&home.env, &err);
		assert_string_equal(json_string_value(json_object_get(
					    json_object_get(edited, "credHelpers"), HOST)),
				    "deployer");
		assert_int_equal(docker_config_forget(&home.env, HOST, "deployer", &changed, &err),
				 0);
		expect_file(&home, text);
		free(text);
	}
	print_message("# config.json samples edited: %zu/19\n", i);
}

/* docker login loses all but a few of them. */
static void keeps_all_of_twenty_logins_at_once(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(close_home) struct home home;
	CLEANUP(strv_release) struct strv hosts = STRV_INIT;
	pid_t children[20];

	(void)state;
	open_home(&home, users_file);
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			char host[32];

			(void)snprintf(host, sizeof(host), "host%zu.example", i);
			_exit(docker_config_set_helper(&home.env, host, "deployer", &err) < 0);
		}
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		int status = -1;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(docker_config_hosts(&home.env, "deployer", NULL, &hosts, &err), 0);
	assert_int_equal(hosts.count, COUNT(children));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in_and_out_and_leaves_the_same_bytes),
		cmocka_unit_test(makes_the_file_for_its_owner_only),
		cmocka_unit_test(stores_a_token_as_docker_login_does),
		cmocka_unit_test(takes_a_token_away_that_the_helper_is_to_give),
		cmocka_unit_test(forgets_an_entry_that_is_a_whole_url),
		cmocka_unit_test(leaves_alone_what_it_does_not_understand),
		cmocka_unit_test(says_that_there_is_no_home),
		cmocka_unit_test(passes_on_what_a_credential_store_says),
		cmocka_unit_test(stores_no_token_where_others_may_read_it),
		cmocka_unit_test(a_session_needs_a_configuration_that_can_be_read),
		cmocka_unit_test(knows_which_helpers_docker_asks),
		cmocka_unit_test(edits_every_sample_of_the_docker_cli),
		cmocka_unit_test(keeps_all_of_twenty_logins_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
