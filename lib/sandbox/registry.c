#include "sandbox/registry.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "data/json.h"
#include "sandbox/registry_gate.h"
#include "sys/file.h"
#include "sys/proc.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bcrypt looks at no more than 72 bytes. */
#define PASSWORD_LEN	 64
#define START_TIMEOUT_MS 10000
#define STOP_GRACE_MS	 3000
#define POLL_MS		 20

#define CONFIG_NAME "config.yml"

struct registry {
	struct proc_child child;
	struct registry_gate *gate;
};

/* One line of Apache's password file: docker-registry takes bcrypt only. */
static int write_password(struct sandbox *sandbox, const char *path, struct error *err)
{
	CLEANUP(str_wipe) struct str password = STR_INIT;
	CLEANUP(str_release) struct str line = STR_INIT;
	CLEANUP_FREE struct crypt_data *data = mem_zalloc(sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash;

	sandbox_random(&password, PASSWORD_LEN,
		       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
	if (!crypt_gensalt_rn("$2y$", 5, NULL, 0, setting, sizeof(setting)))
		return error_set_errno(err, errno, "cannot make a password for the registry");
	hash = crypt_r(password.buf, setting, data);
	if (!hash || hash[0] == '*')
		return error_set(err, ERROR_SYSTEM, "libcrypt cannot hash with bcrypt");
	str_addf(&line, "AWS:%s\n", hash);
	secret_set(&sandbox->registry_password, password.buf, password.len);
	return file_write_atomic(path, line.buf, line.len, 0600, err);
}

/* On a port of its own choice; the one that is known is the gate's. The folder is the program's. */
static int write_config(const char *path, struct error *err)
{
	static const char text[] =
		"version: 0.1\n"
		"log: {level: info, formatter: json, accesslog: {disabled: true}}\n"
		"storage:\n"
		"  filesystem: {rootdirectory: data}\n"
		"  delete: {enabled: true}\n"
		"http: {addr: \"127.0.0.1:0\"}\n"
		"auth:\n"
		"  htpasswd: {realm: sandbox, path: htpasswd}\n";

	return file_write_atomic(path, text, sizeof(text) - 1, 0600, err);
}

/* The log tells which port was taken. */
static unsigned port_in_log(const char *path)
{
	static const char mark[] = "listening on 127.0.0.1:";
	CLEANUP(error_release) struct error ignored = ERROR_INIT;
	CLEANUP(str_release) struct str text = STR_INIT;
	const char *found;
	uint64_t port;

	if (file_read(path, 1 << 20, &text, &ignored) < 0)
		return 0;
	found = strstr(text.buf, mark);
	if (!found)
		return 0;
	found += strlen(mark);
	if (!slice_to_u64((struct slice){ found, strspn(found, "0123456789") }, 65535, &port))
		return 0;
	return (unsigned)port;
}

/* Variables named REGISTRY_... would change the configuration. */
static void remove_overrides(struct strv *env)
{
	for (char **variable = environ; *variable; variable++) {
		if (strncmp(*variable, "REGISTRY_", 9) == 0)
			strv_take(env, mem_strndup(*variable, strcspn(*variable, "=")));
	}
}

static int start_child(const char *dir, const char *log, struct proc_child *ret_child,
		       struct error *err)
{
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP_CLOSE int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set_errno(err, errno, "cannot write '%s'", log);
	/* The kernel ends it should this process be killed. */
	strv_add_all(&proc.args, "setpriv", "--pdeathsig", "TERM", "docker-registry", "serve",
		     CONFIG_NAME, NULL);
	remove_overrides(&proc.env);
	proc.output_fd = fd;
	proc.dir = dir;
	return proc_start(&proc, ret_child, err);
}

/* Waits until the log names the port; 0 where the registry ended instead, or took too long. */
static unsigned wait_for_port(struct clock *clock, const struct proc_child *child, const char *log)
{
	int64_t end_ms = clock->monotonic_ms(clock) + START_TIMEOUT_MS;
	unsigned port = 0;

	while (!port && proc_is_running(child) && clock->monotonic_ms(clock) < end_ms) {
		clock->sleep_ms(clock, POLL_MS);
		port = port_in_log(log);
	}
	return proc_is_running(child) ? port : 0;
}

static int start_registry(struct sandbox *sandbox, const char *dir, struct registry *registry,
			  struct error *err)
{
	CLEANUP_FREE char *config = file_join(dir, CONFIG_NAME);
	CLEANUP_FREE char *log = file_join(dir, "registry.log");

	if (write_config(config, err) < 0 || start_child(dir, log, &registry->child, err) < 0)
		return -1;
	sandbox->registry_port = wait_for_port(sandbox->clock, &registry->child, log);
	if (sandbox->registry_port)
		return 0;
	proc_stop(&registry->child, STOP_GRACE_MS);
	return error_set(err, ERROR_TOOL, "the registry did not start: see '%s'", log);
}

int registry_start(struct sandbox *sandbox, const char *dir, struct registry **ret_registry,
		   struct error *err)
{
	CLEANUP_FREE char *htpasswd = file_join(dir, "htpasswd");
	CLEANUP_FREE char *program = proc_find("docker-registry");
	CLEANUP_FREE struct registry *registry = mem_zalloc(sizeof(*registry));
	json_int_t last = json_integer_value(json_object_get(sandbox->state, "RegistryPort"));
	unsigned port;

	if (!program) {
		error_set(err, ERROR_TOOL, "docker-registry is not installed");
		return error_fix(err, "apt-get install docker-registry, or give --no-registry");
	}
	if (file_make_dirs(dir, err) < 0 || write_password(sandbox, htpasswd, err) < 0 ||
	    start_registry(sandbox, dir, registry, err) < 0)
		return -1;
	if (registry_gate_start(sandbox, (unsigned)last, sandbox->registry_port, &registry->gate,
				err) < 0) {
		proc_stop(&registry->child, STOP_GRACE_MS);
		return -1;
	}
	port = registry_gate_port(registry->gate);
	(void)json_object_set_new(sandbox->state, "RegistryPort", json_integer(port));
	sandbox->is_changed = true;
	sandbox->registry_host = mem_printf("127.0.0.1:%u", port);
	*ret_registry = move_ptr(registry);
	return 0;
}

void registry_stop(struct registry *registry)
{
	if (!registry)
		return;
	registry_gate_stop(registry->gate);
	proc_stop(&registry->child, STOP_GRACE_MS);
	free(registry);
}
