#include "deploy/inputs.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/strv.h"
#include "sys/file.h"
#include "test.h"

#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* A project's folder, and what compose says of it; %s is the folder. */
#define DOCUMENT                                                                                   \
	"{\"services\":{\"app\":{\"build\":{\"context\":\"%s/ctx\",\"args\":{\"BASE\":\"b\"}},"    \
	"\"image\":\"team/app:5fdbe62\",\"environment\":{\"APP_VERSION\":\"5fdbe62\"},"            \
	"\"volumes\":[\"data:/data\",\"%s/mount:/m:ro\"]},"                                        \
	"\"db\":{\"image\":\"mysql:5.7\"}},\"volumes\":{\"data\":null}}"

struct project {
	char *dir;
	struct config config;
	struct compose compose;
	struct compose_config services;
	struct strv vars;
	char *tag;
};

static void put(const struct project *project, const char *name, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(project->dir, name);
	CLEANUP_FREE char *dir = file_dirname(path);

	assert_int_equal(file_make_dirs(dir, &err), 0);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, &err), 0);
}

/* Replaces `old` in what compose says. */
static void say(struct project *project, const char *old, const char *new)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *text = mem_printf(DOCUMENT, project->dir, project->dir);
	CLEANUP(str_release) struct str changed = STR_INIT;
	const char *at = strstr(text, old);

	assert_non_null(at);
	str_add(&changed, text, (size_t)(at - text));
	str_adds(&changed, new);
	str_adds(&changed, at + strlen(old));
	assert_int_equal(
		compose_config_parse(changed.buf, changed.len, true, &project->services, &err), 0);
}

static void configure(struct project *project, const char *text)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *path = file_join(project->dir, "deployer.yml");

	put(project, "deployer.yml", text);
	config_release(&project->config);
	assert_int_equal(config_load(path, NULL, &project->config, &err), 0);
}

static void begin(struct project *project)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;

	*project = (struct project){ .config = CONFIG_INIT,
				     .compose = COMPOSE_INIT,
				     .services = COMPOSE_CONFIG_INIT,
				     .vars = STRV_INIT,
				     .tag = mem_strdup("5fdbe62") };
	assert_int_equal(file_make_private_dir("test", &project->dir, &err), 0);
	put(project, "ctx/Dockerfile", "FROM scratch\nCOPY src /src\n");
	put(project, "ctx/.dockerignore", ".git\n*.md\n");
	put(project, "ctx/src/file", "one");
	put(project, "ctx/README.md", "text");
	put(project, "ctx/.git/HEAD", "ref");
	put(project, "mount/data", "m");
	put(project, "elsewhere", "x");
	configure(project, "reports: [mount/report.xml]\n");
	str_adds(&project->compose.version, "1.29.2");
	strv_add(&project->vars, "HOME=/nowhere");
	say(project, "", "");
}

static void end(struct project *project)
{
	file_remove_tree(project->dir);
	free(project->dir);
	free(project->tag);
	config_release(&project->config);
	compose_release(&project->compose);
	compose_config_release(&project->services);
	strv_release(&project->vars);
}

static int name(const struct project *project, struct str *ret, struct error *err)
{
	const struct env env = { strv_array(&project->vars) };
	const struct inputs inputs = { &project->config, &project->compose, &project->services,
				       &env, project->tag };

	return inputs_name(&inputs, ret, err);
}

/* What is changed, and to what. */
enum change {
	NOTHING,
	A_FILE,
	A_MODE,
	A_LINK,
	THE_SETTINGS,
	THE_SERVICES,
	A_VARIABLE,
	THE_VERSION
};

struct row {
	enum change change;
	const char *what, *to;
};

static void change(struct project *project, const struct row *row)
{
	CLEANUP_FREE char *path = file_join(project->dir, row->what ? row->what : "");

	switch (row->change) {
	case NOTHING:
		break;
	case A_FILE:
		put(project, row->what, row->to);
		break;
	case A_MODE:
		assert_int_equal(chmod(path, 0755), 0);
		break;
	case A_LINK:
		assert_int_equal(symlink(row->to, path), 0);
		break;
	case THE_SETTINGS:
		configure(project, row->to);
		break;
	case THE_SERVICES:
		say(project, row->what, row->to);
		break;
	case A_VARIABLE:
		strv_add(&project->vars, row->to);
		break;
	case THE_VERSION:
		free(project->tag);
		project->tag = mem_strdup(row->to);
		str_reset(&project->compose.version);
		str_adds(&project->compose.version, row->what);
		break;
	}
}

static bool stays_the_same(const struct row *row)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str before = STR_INIT;
	CLEANUP(str_release) struct str after = STR_INIT;
	struct project project;

	begin(&project);
	assert_int_equal(name(&project, &before, &err), 0);
	assert_int_equal(before.len, 64);
	change(&project, row);
	assert_int_equal(name(&project, &after, &err), 0);
	end(&project);
	return strcmp(before.buf, after.buf) == 0;
}

static void keeps_its_name_where_nothing_changes(void **state)
{
	static const struct row rows[] = {
		{ NOTHING, NULL, NULL },
		{ A_FILE, "ctx/README.md", "other" },
		{ A_FILE, "ctx/.git/HEAD", "other" },
		{ A_FILE, "stack.yml", "other" },
		{ A_FILE, "mount/report.xml", "<testsuite/>" },
		{ A_VARIABLE, NULL, "PATH=/elsewhere" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!stays_the_same(&rows[i]))
			fail_msg("row %zu", i);
	}
}

static void takes_another_where_anything_does(void **state)
{
	static const struct row rows[] = {
		{ A_FILE, "ctx/src/file", "two" },
		{ A_FILE, "ctx/src/new", "" },
		{ A_FILE, "ctx/src/folder/new", "" },
		{ A_FILE, "ctx/Dockerfile", "FROM scratch\n" },
		{ A_FILE, "ctx/.dockerignore", ".git\n" },
		{ A_FILE, "mount/data", "n" },
		{ A_MODE, "ctx/src/file", NULL },
		{ A_LINK, "ctx/src/link", "file" },
		{ THE_SETTINGS, NULL, "reports: [mount/report.xml]\nproject: other\n" },
		{ THE_SETTINGS, NULL,
		  "reports: [mount/report.xml]\nstages: {test: [{up: app}]}\n" },
		{ THE_SERVICES, "mysql:5.7", "mysql:8" },
		{ THE_SERVICES, "\"b\"", "\"c\"" },
		{ THE_SERVICES, "team/app:5fdbe62", "team/app:other" },
		{ A_VARIABLE, NULL, "DOCKER_BUILDKIT=0" },
		{ THE_VERSION, "2.40.3", "5fdbe62" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (stays_the_same(&rows[i]))
			fail_msg("row %zu", i);
	}
}

static void has_one_name_under_every_version(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str before = STR_INIT;
	CLEANUP(str_release) struct str after = STR_INIT;
	struct project project;

	(void)state;
	begin(&project);
	assert_int_equal(name(&project, &before, &err), 0);
	say(&project, "5fdbe62\",\"environment\":{\"APP_VERSION\":\"5fdbe62",
	    "0123456789\",\"environment\":{\"APP_VERSION\":\"0123456789");
	free(project.tag);
	project.tag = mem_strdup("0123456789");
	assert_int_equal(name(&project, &after, &err), 0);
	assert_string_equal(before.buf, after.buf);
	end(&project);
}

static void gives_no_name_where_there_is_doubt(void **state)
{
	static const struct {
		struct row row;
		const char *why;
	} rows[] = {
		{ { A_FILE, "ctx/.dockerignore", "src\n" }, "ctx/.git' is another at every" },
		{ { A_FILE, "ctx/Dockerfile.dockerignore", ".git\n" }, "ctx/.git' is another" },
		{ { THE_SETTINGS, NULL, "stages: {test: [{exec: [./check]}]}\n" },
		  "'./check' runs" },
		{ { THE_SETTINGS, NULL, "hooks: {before_test: [{exec: [./make]}]}\n" },
		  "hook 'before_test' runs" },
		{ { THE_SERVICES, "\"b\"", "\"5fdbe62\"" }, "the version goes into" },
		{ { THE_SERVICES, "\"args\":{\"BASE\":\"b\"}", "\"secrets\":[\"s\"]" },
		  "build has 'secrets'" },
		{ { THE_SERVICES, "\"args\":{\"BASE\":\"b\"}", "\"additional_contexts\":{}" },
		  "build has 'additional_contexts'" },
		{ { THE_SERVICES, "\"args\":{\"BASE\":\"b\"}", "\"dockerfile\":\"absent\"" },
		  "absent" },
		{ { THE_SERVICES, "\"data\":null", "\"data\":{\"external\":true}" },
		  "'data' of volumes" },
		{ { THE_SERVICES, "\"mysql:5.7\"", "\"m\",\"network_mode\":\"host\"" },
		  "service 'db' has 'network_mode'" },
		{ { THE_SERVICES, "\"mysql:5.7\"",
		    "\"m\",\"build\":\"https://example.com/a.git\"" },
		  "its build context is no folder" },
		{ { THE_SERVICES, "\"mysql:5.7\"", "\"m\",\"volumes\":[{\"type\":\"npipe\"}]" },
		  "a mount of an unknown kind" },
		{ { THE_SERVICES, "\"mysql:5.7\"", "\"m\",\"volumes\":[\"/dev/zero:/z\"]" },
		  "'/dev/zero' is neither a file nor a folder" },
		{ { THE_SERVICES, "\"mysql:5.7\"", "\"m\",\"volumes\":[\"/dev/null/x:/z\"]" },
		  "cannot look at '/dev/null/x': Not a directory" },
		{ { THE_SERVICES, "\"volumes\":{\"data\":null}", "\"secrets\":{\"s\":{}}" },
		  "services are given secrets" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(error_release) struct error err = ERROR_INIT;
		CLEANUP(str_release) struct str got = STR_INIT;
		struct project project;

		begin(&project);
		change(&project, &rows[i].row);
		assert_int_equal(name(&project, &got, &err), -1);
		if (!strstr(err.msg.buf, rows[i].why))
			fail_msg("row %zu: %s", i, err.msg.buf);
		assert_int_equal(got.len, 0);
		end(&project);
	}
}

/* A folder whose names may be read, and nothing else of it; root reads as nobody for as long. */
static void gives_no_name_where_a_file_may_not_be_looked_at(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str got = STR_INIT;
	CLEANUP_FREE char *closed = NULL;
	struct project project;
	int result;

	(void)state;
	begin(&project);
	put(&project, "mount/closed/file", "x");
	closed = file_join(project.dir, "mount/closed");
	assert_int_equal(chmod(project.dir, 0755), 0);
	assert_int_equal(chmod(closed, 0444), 0);
	(void)setfsuid(getuid() ? getuid() : 65534);
	result = name(&project, &got, &err);
	(void)setfsuid(geteuid());
	assert_int_equal(chmod(closed, 0755), 0);
	assert_int_equal(result, -1);
	assert_int_equal(err.kind, ERROR_SYSTEM);
	assert_non_null(strstr(err.msg.buf, "/mount/closed/file': Permission denied"));
	end(&project);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_name_where_nothing_changes),
		cmocka_unit_test(takes_another_where_anything_does),
		cmocka_unit_test(has_one_name_under_every_version),
		cmocka_unit_test(gives_no_name_where_there_is_doubt),
		cmocka_unit_test(gives_no_name_where_a_file_may_not_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
