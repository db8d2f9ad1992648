#include "aws/ecr.h"
#include "base/cleanup.h"
#include "cmd/app.h"
#include "docker/config.h"
#include "docker/helper.h"
#include "docker/image.h"
#include "docker/session.h"

#include <errno.h>
#include <unistd.h>

/* An address or one set of credentials. */
#define INPUT_MAX_BYTES 65536

static const struct program program = { .name = "docker-credential-" HELPER_NAME,
					.global_opts = global_opts };

/* What the two callbacks work with. region: of the host that is asked for; the client borrows it.
 */
struct context {
	struct app app;
	struct str region;
};

static int not_ours(const char *host, struct error *err)
{
	error_set(err, ERROR_CONFIG, "'%s' is no registry of this account's", host);
	error_set_code(err, "NotFound");
	return -1;
}

/* The region of a host of ECR's is in its name, the account too; any other has to be the one that
 * ECR names for the region in use. */
static int ask_ecr(struct context *context, const char *host, struct ecr_authorization *ret,
		   struct error *err)
{
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str endpoint_host = STR_INIT;
	bool is_ecr = ecr_host_parse(host, &account, &context->region);
	struct aws_client *client;

	if (is_ecr)
		context->app.global.region = context->region.buf;
	if (app_aws(&context->app, &client, err) < 0 ||
	    ecr_get_authorization_for(client, is_ecr ? account.buf : NULL, ret, err) < 0)
		return -1;
	url_host(ret->proxy_endpoint.buf, &endpoint_host);
	return is_ecr || strcmp(endpoint_host.buf, host) == 0 ? 0 : not_ours(host, err);
}

static int get(void *ctx, const char *host, struct str *ret_username, struct secret *ret_password,
	       struct error *err)
{
	struct context *context = ctx;
	CLEANUP(ecr_authorization_release)
	struct ecr_authorization authorization = ECR_AUTHORIZATION_INIT;

	if (docker_session_ask(&context->app.env, host, ret_username, ret_password, err) == 0)
		return 0;
	if (!error_has_code(err, "NotFound"))
		return -1;
	error_release(err);
	if (ecr_host_is_public(host))
		return not_ours(host, err);
	if (ask_ecr(context, host, &authorization, err) < 0)
		return -1;
	str_adds(ret_username, authorization.username.buf);
	secret_copy(ret_password, &authorization.password);
	return 0;
}

static int list(void *ctx, struct strv *ret_hosts, struct error *err)
{
	const struct context *context = ctx;

	return docker_config_hosts(&context->app.env, HELPER_NAME, NULL, ret_hosts, err);
}

static int read_input(struct str *out, struct error *err)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, errno, "cannot read standard input");
		if (out->len + (size_t)n > INPUT_MAX_BYTES)
			return error_set(err, ERROR_USAGE, "more than %d bytes of input",
					 INPUT_MAX_BYTES);
		str_add(out, buf, (size_t)n);
	}
	return 0;
}

static bool takes_input(const char *action)
{
	return strcmp(action, "get") == 0 || strcmp(action, "store") == 0 ||
	       strcmp(action, "erase") == 0;
}

static int run(struct context *context, const char *action, struct error *err)
{
	const struct helper helper = { .get = get, .list = list, .ctx = context };
	CLEANUP(str_wipe) struct str input = STR_INIT;
	CLEANUP(str_wipe) struct str out = STR_INIT;
	int result;

	if (takes_input(action) && read_input(&input, err) < 0)
		return -1;
	result = helper_run(&helper, action, &input, &out, err);
	(void)fwrite(out.buf, 1, out.len, context->app.out);
	if (fflush(context->app.out) != 0 && result == 0)
		return error_set_errno(err, errno, "cannot write to standard output");
	return result;
}

int credential_helper_main(int argc, char **argv)
{
	CLEANUP(error_release) struct error err = ERROR_INIT;
	struct context context = { .region = STR_INIT };
	int result;

	app_init(&context.app, &program);
	result = run(&context, argc == 2 ? argv[1] : "", &err);
	/* That a host is unknown is an answer: docker goes on without credentials. */
	if (result < 0 && !error_has_code(&err, "NotFound"))
		app_print_error(&context.app, &err);
	app_release(&context.app);
	str_release(&context.region);
	return result < 0 ? 1 : 0;
}
