#ifndef TESTS_UNIT_LIVE_H
#define TESTS_UNIT_LIVE_H

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/random.h"
#include "docker/engine.h"
#include "docker/registry.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/proc.h"
#include "test.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A real Engine and a real registry (Debian's docker-registry) on a free port of the loopback
 * address, with the user AWS and the password "token". Tests are skipped where either is missing.
 */
struct live {
	struct http *http;
	struct env env;
	struct engine *engine;
	struct proc_child child;
	struct secret password;
	char *dir;
	char *url;
	char *host;
	struct registry registry;
};

static inline bool live_is_free(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_free;

	assert_true(fd >= 0);
	is_free = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	(void)close(fd);
	return is_free;
}

/* Connections take theirs from 32768 up (Linux, ip_local_port_range): below, it stays free until it
 * is used. */
static inline unsigned live_free_port(void)
{
	unsigned port;

	do
		port = 10000 + (unsigned)(random_fraction() * 10000);
	while (!live_is_free(port));
	return port;
}

static inline void live_write(const char *dir, const char *name, const char *text)
{
	CLEANUP_FREE char *path = mem_printf("%s/%s", dir, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Runs a program that must succeed; its output is returned, owned by the caller (free()). */
static inline char *live_run(const char *const *args)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	struct str out = STR_INIT, noise = STR_INIT;
	struct proc_end end;

	for (; *args; args++)
		strv_add(&proc.args, *args);
	proc.ret_out = &out;
	proc.ret_err = &noise;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	if (end.status != 0)
		print_message("%s: %s%s\n", proc.args.v[0], out.buf, noise.buf);
	assert_int_equal(end.status, 0);
	str_release(&noise);
	return str_detach(&out);
}

static inline void live_start_registry(struct live *live)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP_FREE char *users = live_run(
		(const char *const[]){ "htpasswd", "-Bbn", "-C", "5", "AWS", "token", NULL });
	CLEANUP(str_release) struct str config = STR_INIT;
	CLEANUP_FREE char *log = mem_printf("%s/log", live->dir);
	FILE *log_file = fopen(log, "we");

	assert_non_null(log_file);
	live_write(live->dir, "htpasswd", users);
	str_addf(&config,
		 "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s/data\n"
		 "  delete:\n    enabled: true\nhttp:\n  addr: %s\nauth:\n  htpasswd:\n"
		 "    realm: test\n    path: %s/htpasswd\n",
		 live->dir, live->host, live->dir);
	live_write(live->dir, "config.yml", config.buf);
	strv_add_all(&proc.args, "docker-registry", "serve", NULL);
	strv_addf(&proc.args, "%s/config.yml", live->dir);
	proc.output_fd = fileno(log_file);
	assert_int_equal(proc_start(&proc, &live->child, &err), 0);
	(void)fclose(log_file);
	for (int i = 0; i < 1200; i++) {
		error_release(&err);
		if (registry_check(&live->registry, &err) == 0)
			return;
		system_clock.sleep_ms(&system_clock, 100);
	}
	fail_msg("the registry does not answer: %s", err.msg.buf);
}

static inline bool live_has(const char *program)
{
	CLEANUP_FREE char *path = proc_find(program);

	return path != NULL;
}

/* A group's setup: leaves *state NULL where something is missing. */
static inline int live_setup(void **state)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct live *live = mem_zalloc(sizeof(*live));

	interrupt_install();
	live->http = http_curl_new(&system_clock, interrupt_pending);
	live->env.vars = environ;
	if (!live_has("docker-registry") || !live_has("htpasswd") || !live_has("docker") ||
	    engine_new(live->http, &live->env, &live->engine, &err) < 0) {
		print_message("no engine or registry here: %s\n", err.msg.buf);
		http_curl_free(live->http);
		free(live);
		*state = NULL;
		return 0;
	}
	assert_int_equal(file_make_private_dir("test", &live->dir, &err), 0);
	live->host = mem_printf("127.0.0.1:%u", live_free_port());
	live->url = mem_printf("http://%s", live->host);
	secret_sets(&live->password, "token");
	live->registry = (struct registry){
		.http = live->http, .url = live->url, .username = "AWS", .password = &live->password
	};
	live_start_registry(live);
	*state = live;
	return 0;
}

/* What the setup made; skips the test where it is nothing. */
static inline struct live *live_of(void **state)
{
	if (!*state) {
		skip();
		abort(); /* skip() does not return, which is not in its declaration */
	}
	return *state;
}

static inline int live_teardown(void **state)
{
	struct live *live = *state;

	if (!live)
		return 0;
	proc_stop(&live->child, 5000);
	file_remove_tree(live->dir);
	engine_free(live->engine);
	http_curl_free(live->http);
	secret_release(&live->password);
	free(live->dir);
	free(live->host);
	free(live->url);
	free(live);
	return 0;
}

#endif
