#include "cmd/sandbox/session.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "data/json.h"
#include "sandbox/containers.h"
#include "sandbox/ecr.h"
#include "sandbox/registry.h"
#include "sandbox/s3.h"
#include "sandbox/server.h"
#include "sandbox/stack.h"
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct opt session_opts[] = {
	OPT(struct session_args, state, 0, "state", "DIR", "keep the account in DIR"),
	OPT(struct session_args, account, 0, "account", "NUMBER", "play this account (12 digits)"),
	OPT(struct session_args, speed, 0, "speed", "N", "let N seconds pass in one (60)"),
	OPT(struct session_args, port, 0, "port", "PORT", "listen on this port where it is free"),
	OPT(struct session_args, exports, 0, "export", "NAME=VALUE",
	    "let templates import VALUE under NAME"),
	OPT(struct session_args, repositories, 0, "repository", "NAME",
	    "start with this ECR repository"),
	OPT(struct session_args, immutable, 0, "immutable", "NAME",
	    "start with this ECR repository, whose tags do not change"),
	OPT(struct session_args, buckets, 0, "bucket", "NAME", "start with this S3 bucket"),
	OPT(struct session_args, scenario, 0, "scenario", "FILE", "play the faults in FILE"),
	OPT(struct session_args, containers, 0, "containers", NULL,
	    "answer containers of the Docker engine too, over TLS"),
	OPT(struct session_args, no_registry, 0, "no-registry", NULL, "start no image registry"),
	OPT_END,
};

static int check_account(const char *account, struct error *err)
{
	if (!account || (strlen(account) == 12 && strspn(account, "0123456789") == 12))
		return 0;
	return error_set(err, ERROR_USAGE, "--account: '%s' is not 12 digits", account);
}

static int add_exports(struct sandbox *sandbox, const struct strv *exports, struct error *err)
{
	for (size_t i = 0; i < exports->count; i++) {
		const char *eq = strchr(exports->v[i], '=');
		CLEANUP_FREE char *name = NULL;

		if (!eq || eq == exports->v[i])
			return error_set(err, ERROR_USAGE, "--export: '%s' is not NAME=VALUE",
					 exports->v[i]);
		name = mem_strndup(exports->v[i], (size_t)(eq - exports->v[i]));
		sandbox_add_export(sandbox, name, eq + 1);
	}
	return 0;
}

static int take_lock(const char *dir, int *ret_fd, struct error *err)
{
	CLEANUP_FREE char *path = file_join(dir, "lock");

	if (file_lock(path, 0, ret_fd, err) == 0)
		return 0;
	return error_wrap(err, "another sandbox uses '%s'", dir);
}

/* Where files may lie: --state, or a folder that the end removes. Owned by the caller. */
static int find_dir(struct session *session, const struct session_args *args, const char *name,
		    char **ret_path, struct error *err)
{
	if (!args->state && !session->private_dir &&
	    file_make_private_dir("sandbox", &session->private_dir, err) < 0)
		return -1;
	*ret_path = file_join(args->state ? args->state : session->private_dir, name);
	return 0;
}

static int start_containers(struct session *session, const struct session_args *args,
			    struct error *err)
{
	CLEANUP_FREE char *path = NULL;

	if (!args->containers)
		return 0;
	if (find_dir(session, args, "ca.pem", &path, err) < 0)
		return -1;
	return containers_start(session->sandbox, path, &session->containers, err);
}

static int start_registry(struct session *session, const struct session_args *args,
			  struct error *err)
{
	CLEANUP_FREE char *dir = NULL;

	if (args->no_registry)
		return 0;
	if (find_dir(session, args, "registry", &dir, err) < 0)
		return -1;
	return registry_start(session->sandbox, dir, &session->registry, err);
}

static int open_account(struct app *app, const struct session_args *args, struct session *session,
			struct error *err)
{
	const struct sandbox_options options = {
		.state_dir = args->state,
		.account = args->account,
		.region = app->global.region,
		.scenario = args->scenario,
		.speed = args->speed,
		.clock = app->clock,
		.http = app_http(app),
	};

	if (check_account(args->account, err) < 0)
		return -1;
	if (args->state && (file_make_dirs(args->state, err) < 0 ||
			    take_lock(args->state, &session->lock_fd, err) < 0))
		return -1;
	if (sandbox_open(&options, &session->sandbox, err) < 0 ||
	    add_exports(session->sandbox, &args->exports, err) < 0)
		return -1;
	for (size_t i = 0; i < args->repositories.count; i++)
		ecr_ensure_repository(session->sandbox, args->repositories.v[i], NULL);
	for (size_t i = 0; i < args->immutable.count; i++)
		ecr_ensure_repository(session->sandbox, args->immutable.v[i], "IMMUTABLE");
	for (size_t i = 0; i < args->buckets.count; i++)
		s3_ensure_bucket(session->sandbox, args->buckets.v[i]);
	return 0;
}

int session_start(struct app *app, const struct session_args *args, struct session *ret,
		  struct error *err)
{
	CLEANUP(session_release) struct session session = SESSION_INIT;

	if (open_account(app, args, &session, err) < 0 || start_registry(&session, args, err) < 0 ||
	    start_containers(&session, args, err) < 0 ||
	    server_start(session.sandbox, args->port, &session.server, err) < 0)
		return -1;
	*ret = session;
	session = (struct session)SESSION_INIT;
	return 0;
}

/* What another account left behind in the environment must not reach the child. */
static void unset_others(const struct app *app, struct strv *out)
{
	for (char *const *variable = app->env.vars; *variable; variable++) {
		CLEANUP_FREE char *name = mem_strndup(*variable, strcspn(*variable, "="));

		if (strncmp(name, "AWS_", 4) == 0 && strcmp(name, "AWS_PAGER") != 0)
			strv_add(out, name);
	}
}

/* A proxy for the rest of the world is not asked for what is on this machine. */
static void add_no_proxy(const struct app *app, const char *name, struct strv *out)
{
	const char *old = env_get(&app->env, name);

	strv_addf(out, "%s=127.0.0.1,localhost%s%s", name, old ? "," : "", old ? old : "");
}

void session_environment(const struct app *app, const struct session *session, struct strv *out)
{
	const struct sandbox_key *key = &session->sandbox->keys[0];
	const char *region = sandbox_region(session->sandbox);

	unset_others(app, out);
	strv_addf(out, "AWS_ENDPOINT_URL=http://127.0.0.1:%u", server_port(session->server));
	strv_addf(out, "AWS_REGION=%s", region);
	strv_addf(out, "AWS_DEFAULT_REGION=%s", region);
	strv_addf(out, "AWS_ACCESS_KEY_ID=%s", key->access_key_id);
	/* Worth nothing beyond this loopback port and this run. */
	strv_addf(out, "AWS_SECRET_ACCESS_KEY=%s", secret_bytes(&key->secret));
	strv_add(out, "AWS_EC2_METADATA_DISABLED=true");
	if (session->sandbox->registry_host)
		strv_addf(out, "DEPLOYER_SANDBOX_REGISTRY=%s", session->sandbox->registry_host);
	containers_environment(session->containers, out);
	add_no_proxy(app, "NO_PROXY", out);
	add_no_proxy(app, "no_proxy", out);
}

static void tell_counts(const struct session *session, FILE *talk)
{
	const char *name;
	json_t *count;

	if (json_object_size(session->sandbox->counts) == 0)
		(void)fprintf(talk, "  no calls\n");
	json_object_foreach(session->sandbox->counts, name, count)
	{
		CLEANUP(str_release) struct str text = STR_INIT;

		sanitize_text(&text, name);
		(void)fprintf(talk, "  %5lld  %s\n", (long long)json_integer_value(count),
			      text.buf);
	}
}

static void tell_stacks(const struct session *session, FILE *talk)
{
	json_t *stack;
	size_t i;

	json_array_foreach(sandbox_list(session->sandbox, "Stacks"), i, stack)(void)
		fprintf(talk, "  stack  %s  %s\n", json_text(stack, "StackName"),
			json_text(stack, "StackStatus"));
}

int session_stop(struct app *app, struct session *session, struct error *err)
{
	struct sandbox *sandbox = session->sandbox;

	server_stop(session->server);
	session->server = NULL;
	containers_stop(session->containers);
	session->containers = NULL;
	stack_advance_all(sandbox, app->clock->wall_ms(app->clock));
	if (!app->global.quiet) {
		(void)fprintf(app->talk, "%s: account %s in %s\n", app->program->name,
			      sandbox_account(sandbox), sandbox_region(sandbox));
		tell_counts(session, app->talk);
		tell_stacks(session, app->talk);
	}
	return sandbox_save(sandbox, err);
}

void session_release(struct session *session)
{
	server_stop(session->server);
	containers_stop(session->containers);
	registry_stop(session->registry);
	sandbox_free(session->sandbox);
	if (session->private_dir)
		file_remove_tree(session->private_dir);
	free(session->private_dir);
	if (session->lock_fd >= 0)
		(void)close(session->lock_fd);
	*session = (struct session)SESSION_INIT;
}
