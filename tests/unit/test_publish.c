/* The Engine and the registry together, both real; skipped where they are not there. */
#include "docker/session.h"
#include "live.h"

#include <sys/stat.h>

/* Builds HOST/deployer-test:TAG out of one file; returns the name without the tag. */
static char *build(const struct live *live, const char *tag, const char *contents)
{
	CLEANUP_FREE char *repository = mem_printf("%s/deployer-test", live->host);
	CLEANUP_FREE char *name = mem_printf("%s:%s", repository, tag);

	live_write(live->dir, "Dockerfile",
		   "FROM scratch\nCOPY file /file\nLABEL deployer.test=publish\n");
	live_write(live->dir, "file", contents);
	free(live_run(
		(const char *const[]){ "docker", "build", "-q", "-t", name, live->dir, NULL }));
	return move_ptr(repository);
}

static int push(const struct live *live, const struct engine_auth *auth, const char *repository,
		const char *tag, struct str *ret_digest, struct error *err)
{
	const struct engine_push what = {
		.repository = repository, .tag = tag, .auth = *auth, .report = &report_none
	};

	return engine_push(live->engine, &what, ret_digest, err);
}

static void forget(struct live *live, const char *repository, const char *tag)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *name = mem_printf("%s:%s", repository, tag);

	assert_int_equal(engine_remove_image(live->engine, name, &err), 0);
}

static void publishes_one_image_under_two_tags(void **state)
{
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(engine_image_release) struct engine_image image = ENGINE_IMAGE_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(str_release) struct str found = STR_INIT;
	CLEANUP_FREE char *repository = NULL;
	CLEANUP_FREE char *name = NULL;
	CLEANUP_FREE char *by_digest = NULL;
	struct engine_auth auth;

	auth = (struct engine_auth){ "AWS", &live->password, live->host };
	repository = build(live, "5fdbe62", "one");
	name = mem_printf("%s:5fdbe62", repository);
	assert_int_equal(registry_digest(&live->registry, "deployer-test", "5fdbe62", &found, &err),
			 -1);
	assert_true(error_has_code(&err, "NotFound"));
	error_release(&err);
	assert_int_equal(push(live, &auth, repository, "5fdbe62", &digest, &err), 0);
	assert_int_equal(registry_digest(&live->registry, "deployer-test", "5fdbe62", &found, &err),
			 0);
	assert_string_equal(found.buf, digest.buf);
	assert_int_equal(registry_tag(&live->registry, "deployer-test", digest.buf, "latest", &err),
			 0);
	assert_int_equal(registry_digest(&live->registry, "deployer-test", "latest", &found, &err),
			 0);
	assert_string_equal(found.buf, digest.buf);
	assert_int_equal(engine_inspect_image(live->engine, name, &image, &err), 0);
	by_digest = mem_printf("%s@%s", repository, digest.buf);
	assert_true(strv_has(&image.repo_digests, by_digest));
	assert_true(strv_has(&image.labels, "deployer.test=publish"));
	forget(live, repository, "5fdbe62");
}

static void says_why_a_push_was_refused(void **state)
{
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(secret_release) struct secret wrong = SECRET_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP_FREE char *repository = NULL;
	struct engine_auth auth;

	repository = build(live, "refused", "two");
	auth = (struct engine_auth){ "AWS", &wrong, live->host };
	secret_sets(&wrong, "wrong");
	assert_int_equal(push(live, &auth, repository, "refused", &digest, &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_string_equal(err.code, "NoCredentials");
	error_release(&err);
	auth.password = &live->password;
	assert_int_equal(push(live, &auth, repository, "absent", &digest, &err), -1);
	assert_string_equal(err.code, "NotFound");
	assert_string_equal(digest.buf, "");
	forget(live, repository, "refused");
}

static void says_that_the_registry_is_down(void **state)
{
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP_FREE char *host = NULL;
	CLEANUP_FREE char *repository = NULL;
	CLEANUP_FREE char *from = NULL;
	struct engine_auth auth;

	free(build(live, "down", "three"));
	host = mem_printf("127.0.0.1:%u", live_free_port());
	repository = mem_printf("%s/deployer-test", host);
	from = mem_printf("%s/deployer-test:down", live->host);
	auth = (struct engine_auth){ "AWS", &live->password, host };
	assert_int_equal(engine_tag_image(live->engine, from, repository, "down", &err), 0);
	assert_int_equal(push(live, &auth, repository, "down", &digest, &err), -1);
	assert_int_equal(err.kind, ERROR_NETWORK);
	assert_string_equal(err.code, "RegistryUnreachable");
	forget(live, repository, "down");
	assert_int_equal(engine_remove_image(live->engine, from, &(struct error)ERROR_INIT), 0);
}

/* ssh is played by a script that runs the far command here. */
static void reaches_an_engine_through_ssh(void **state)
{
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP_FREE char *ssh = NULL;
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FREE char *old_path = mem_strdup(getenv("PATH"));
	static char far_host[] = "DOCKER_HOST=ssh://me@far.example:2222";
	static char *far_vars[] = { far_host, NULL };
	static const struct env env = { far_vars };
	struct engine *far = NULL;
	struct engine_image image = ENGINE_IMAGE_INIT;

	live_write(live->dir, "ssh",
		   "#!/bin/sh\n"
		   "[ \"$*\" = \"-o ConnectTimeout=30 -T -l me -p 2222 -- far.example "
		   "docker system dial-stdio\" ] || exit 1\n"
		   "exec docker system dial-stdio\n");
	ssh = mem_printf("%s/ssh", live->dir);
	assert_int_equal(chmod(ssh, 0700), 0);
	path = mem_printf("%s:%s", live->dir, old_path);
	assert_int_equal(setenv("PATH", path, 1), 0);
	assert_int_equal(engine_new(live->http, &env, &far, &err), 0);
	assert_int_equal(setenv("PATH", old_path, 1), 0);
	assert_string_equal(engine_version(far), engine_version(live->engine));
	assert_int_equal(engine_inspect_image(far, "deployer-test:absent", &image, &err), -1);
	assert_true(error_has_code(&err, "NotFound"));
	engine_free(far);
}

/* Certificates for both sides, signed by themselves; socat puts TLS before the real socket. */
static const char tls_front[] =
	"set -e\n"
	"cd \"$1\"\n"
	"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 "
	"-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null\n"
	"cp cert.pem ca.pem\n"
	"exec socat OPENSSL-LISTEN:$2,bind=127.0.0.1,reuseaddr,fork,cert=cert.pem,key=key.pem,"
	"cafile=ca.pem,verify=1 UNIX-CONNECT:/var/run/docker.sock\n";

static int reach_by_tls(struct live *live, unsigned port, const char *dir, struct error *err)
{
	CLEANUP(strv_release) struct strv list = STRV_INIT;
	struct engine *far = NULL;
	struct env env;

	strv_addf(&list, "DOCKER_HOST=tcp://127.0.0.1:%u", port);
	strv_addf(&list, "DOCKER_CERT_PATH=%s", dir);
	strv_add(&list, "DOCKER_TLS_VERIFY=1");
	env.vars = strv_array(&list);
	if (engine_new(live->http, &env, &far, err) < 0)
		return -1;
	assert_string_equal(engine_version(far), engine_version(live->engine));
	engine_free(far);
	return 0;
}

static void reaches_an_engine_through_tls(void **state)
{
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP_FREE char *script = NULL;
	unsigned port = live_free_port();
	struct proc_child child;
	int result = -1;

	if (!live_has("socat") || !live_has("openssl") || access("/var/run/docker.sock", W_OK) < 0)
		skip();
	script = mem_printf("%s/tls.sh", live->dir);
	live_write(live->dir, "tls.sh", tls_front);
	strv_add_all(&proc.args, "sh", script, live->dir, NULL);
	strv_addf(&proc.args, "%u", port);
	assert_int_equal(proc_start(&proc, &child, &err), 0);
	for (int i = 0; i < 1200 && result < 0; i++) {
		error_release(&err);
		system_clock.sleep_ms(&system_clock, 100);
		result = reach_by_tls(live, port, live->dir, &err);
	}
	assert_int_equal(result, 0);
	/* Without the folder's ca.pem, nobody vouches for the far side. */
	assert_int_equal(reach_by_tls(live, port, "/nonexistent", &err), -1);
	assert_int_equal(err.kind, ERROR_AUTH);
	assert_true(err.fix.len > 0);
	proc_stop(&child, 2000);
}

/* Runs a program in a session's environment; its exit status. */
static int run_in(const struct docker_session *session, const struct live *live,
		  const char *const *args)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(proc_release) struct proc proc = PROC_INIT;
	CLEANUP(str_release) struct str out = STR_INIT;
	CLEANUP(str_release) struct str noise = STR_INIT;
	struct proc_end end;

	for (; *args; args++)
		strv_add(&proc.args, *args);
	docker_session_add_env(session, &live->env, &proc.env);
	proc.dir = live->dir;
	proc.ret_out = &out;
	proc.ret_err = &noise;
	assert_int_equal(proc_run(&proc, &end, &err), 0);
	if (end.status)
		print_message("%s%s\n", out.buf, noise.buf);
	return end.status;
}

/* Fails where any file of the session's folder has the password in it, plain or in base64. */
static void expect_no_secret(const struct docker_session *session)
{
	CLEANUP_FREE char *script = mem_printf("! grep -rqE 'token|QVdTOnRva2Vu' %s/config.json "
					       "%s/bin 2>/dev/null",
					       session->serve.dir, session->serve.dir);

	free(live_run((const char *const[]){ "sh", "-c", script, NULL }));
}

/* docker, compose v1 and, where it is installed, v2: none has a login of its own. */
static void lends_the_credentials_to_programs(void **state)
{
	static const char *const with_v1[] = { "docker-compose", "push", "app", NULL };
	static const char *const ask_v2[] = { "docker", "compose", "version", NULL };
	static const char *const with_v2[] = { "docker", "compose", "push", "app", NULL };
	struct live *live = live_of(state);
	CLEANUP(error_release) struct error err = ERROR_INIT;
	CLEANUP(docker_session_close) struct docker_session session = DOCKER_SESSION_INIT;
	CLEANUP(str_release) struct str compose_file = STR_INIT;
	CLEANUP(str_release) struct str digest = STR_INIT;
	CLEANUP(strv_release) struct strv vars = STRV_INIT;
	CLEANUP(secret_release) struct secret password = SECRET_INIT;
	CLEANUP(str_release) struct str username = STR_INIT;
	CLEANUP_FREE char *repository = NULL;
	CLEANUP_FREE char *name = NULL;
	struct engine_auth auth;
	struct env env;

	if (!getenv("DEPLOYER"))
		skip();
	auth = (struct engine_auth){ "AWS", &live->password, live->host };
	repository = build(live, "lent", "four");
	name = mem_printf("%s:lent", repository);
	assert_int_equal(docker_session_open(&live->env, &auth, getenv("DEPLOYER"), &session, &err),
			 0);
	docker_session_add_env(&session, &live->env, &vars);
	env.vars = strv_array(&vars);
	assert_int_equal(docker_session_ask(&env, live->host, &username, &password, &err), 0);
	assert_string_equal(secret_bytes(&password), "token");
	assert_int_equal(docker_session_ask(&env, "other.example", &username, &password, &err), -1);
	assert_true(error_has_code(&err, "NotFound"));
	assert_int_equal(
		run_in(&session, live, (const char *const[]){ "docker", "push", name, NULL }), 0);
	error_release(&err);
	assert_int_equal(registry_digest(&live->registry, "deployer-test", "lent", &digest, &err),
			 0);
	str_addf(&compose_file, "version: '2.4'\nservices:\n  app:\n    image: %s\n    build: .\n",
		 name);
	live_write(live->dir, "docker-compose.yml", compose_file.buf);
	if (live_has("docker-compose"))
		assert_int_equal(run_in(&session, live, with_v1), 0);
	if (run_in(&session, live, ask_v2) == 0)
		assert_int_equal(run_in(&session, live, with_v2), 0);
	expect_no_secret(&session);
	forget(live, repository, "lent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishes_one_image_under_two_tags),
		cmocka_unit_test(says_why_a_push_was_refused),
		cmocka_unit_test(says_that_the_registry_is_down),
		cmocka_unit_test(reaches_an_engine_through_ssh),
		cmocka_unit_test(reaches_an_engine_through_tls),
		cmocka_unit_test(lends_the_credentials_to_programs),
	};

	return cmocka_run_group_tests(tests, live_setup, live_teardown);
}
