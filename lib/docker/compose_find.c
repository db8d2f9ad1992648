#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "docker/compose.h"
#include "docker/config.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FIND_TIMEOUT_MS 30000

/* Where the docker CLI looks for plugins, after the user's own (docker/cli, cli-plugins/manager).
 */
static const char *const system_dirs[] = {
	"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins",
};

static bool has_plugin_in(const char *dir)
{
	CLEANUP_FREE char *path = file_join(dir, "docker-compose");

	return access(path, X_OK) == 0;
}

/* Looking costs microseconds; asking the CLI for a plugin that is not there costs a process. */
static bool has_plugin(const struct env *env)
{
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP_FREE char *own = docker_config_dir(env);
	CLEANUP_FREE char *own_plugins = own ? file_join(own, "cli-plugins") : NULL;
	json_auto_t *config = docker_config_read(env, &ignored);
	json_t *dir;
	size_t i;

	if (own_plugins && has_plugin_in(own_plugins))
		return true;
	json_array_foreach(json_object_get(config, "cliPluginsExtraDirs"), i, dir)
	{
		if (json_is_string(dir) && has_plugin_in(json_string_value(dir)))
			return true;
	}
	for (i = 0; i < sizeof(system_dirs) / sizeof(system_dirs[0]); i++) {
		if (has_plugin_in(system_dirs[i]))
			return true;
	}
	return false;
}

/* "2.40.3", "v2.12.2", "1.29.2": major and minor; what follows is kept but not looked at. */
static bool parse_version(struct slice text, unsigned *ret_major, unsigned *ret_minor)
{
	struct slice rest = slice_trim(text);
	uint64_t numbers[2];

	if (slice_starts_with(rest, "v"))
		rest = (struct slice){ rest.p + 1, rest.n - 1 };
	for (int i = 0; i < 2; i++) {
		size_t len = 0;

		while (len < rest.n && rest.p[len] >= '0' && rest.p[len] <= '9')
			len++;
		if (!slice_to_u64((struct slice){ rest.p, len }, 9999, &numbers[i]))
			return false;
		if (i == 0 && (len == rest.n || rest.p[len] != '.'))
			return false;
		if (i == 0)
			rest = (struct slice){ rest.p + len + 1, rest.n - len - 1 };
	}
	*ret_major = (unsigned)numbers[0];
	*ret_minor = (unsigned)numbers[1];
	return true;
}

static int set_version(struct compose *compose, struct slice text, struct error *err)
{
	unsigned major, minor;

	text = slice_trim(text);
	if (!parse_version(text, &major, &minor))
		return error_set(err, ERROR_TOOL, "'%.*s' is not a version of compose", (int)text.n,
				 text.p);
	if (major == 2 && minor == 32) {
		error_set(err, ERROR_TOOL,
			  "compose %.*s starts services without what they depend on", (int)text.n,
			  text.p);
		return error_fix(err, "update the compose plugin to 2.33 or newer");
	}
	if (text.p[0] == 'v')
		text = (struct slice){ text.p + 1, text.n - 1 };
	compose->major = major;
	str_reset(&compose->version);
	str_add(&compose->version, text.p, text.n);
	return 0;
}

static int ask_version(struct compose *compose, struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str noise = STR_INIT;
	struct proc_end end;

	strv_add_list(&proc.args, &compose->command);
	strv_add_all(&proc.args, "version", "--short", NULL);
	proc.ret_out = &out;
	proc.ret_err = &noise;
	proc.timeout_ms = FIND_TIMEOUT_MS;
	if (proc_run(&proc, &end, err) < 0)
		return -1;
	if (proc_check(&proc, &end, err) < 0) {
		struct slice why = slice_trim((struct slice){ noise.buf, noise.len });

		error_become(err, ERROR_TOOL);
		if (why.n)
			str_addf(&err->msg, ": %.*s", (int)why.n, why.p);
		return -1;
	}
	return set_version(compose, (struct slice){ out.buf, out.len }, err);
}

/*
 * Debian's docker-compose v1 is a Python script that names its version in its head,
 * 'docker-compose==1.29.2': reading that saves the third of a second that asking takes.
 */
static bool read_version(struct compose *compose, const char *path)
{
	static const char mark[] = "docker-compose==";
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[512] = "";
	const char *at;

	if (fd < 0 || read(fd, head, sizeof(head) - 1) < 2 || strncmp(head, "#!", 2) != 0)
		return false;
	at = strstr(head, mark);
	if (!at)
		return false;
	at += sizeof(mark) - 1;
	return set_version(compose, (struct slice){ at, strspn(at, "0123456789.") }, &ignored) == 0;
}

/* One that is there but passed over is named. */
static int find_nothing(const char *docker, struct error *err)
{
	(void)proc_not_found(docker ? "docker-compose" : "docker", err);
	if (err->fix.len)
		return -1;
	error_release(err);
	error_set(err, ERROR_TOOL,
		  "neither the compose plugin of docker nor docker-compose is installed");
	return error_fix(err, "install one: sudo apt install docker-compose");
}

int compose_find(struct compose *compose, const struct env *env, struct error *err)
{
	CLEANUP_FREE char *docker = proc_find("docker");
	CLEANUP_FREE char *standalone = proc_find("docker-compose");

	strv_release(&compose->command);
	if (docker && has_plugin(env)) {
		strv_add_all(&compose->command, docker, "compose", NULL);
	} else if (standalone) {
		strv_add(&compose->command, standalone);
		if (read_version(compose, standalone))
			return 0;
	} else {
		return find_nothing(docker, err);
	}
	return ask_version(compose, err);
}
