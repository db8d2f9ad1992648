#include "aws/cache.h"
#include "aws/github_token.h"
#include "aws/provider.h"
#include "aws/role.h"
#include "base/cleanup.h"
#include "sys/file.h"

/*
 * A role taken on with a token of an OIDC provider, as pipelines and EKS have one (AWS SDKs and
 * Tools Reference Guide, "Assume role with web identity"). Each value is the environment's, else
 * the profile's. A job of GitHub Actions gets its token by asking (aws/github_token.h).
 */

#define MAX_TOKEN (64 << 10)

static const char *get(const struct aws_search *search, const char *variable, const char *property)
{
	const char *value =
		search->skip_environment ? NULL : env_get(search->settings->env, variable);

	return value ? value : aws_section_get(aws_search_section(search), property);
}

static int read_token(const char *path, struct secret *ret, struct error *err)
{
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (file_read(path, MAX_TOKEN, &text, err) < 0) {
		error_become(err, ERROR_AUTH);
		return error_wrap(err, "web identity token");
	}
	secret_set(ret, text.buf, text.len);
	return 0;
}

/* `path` NULL: the token is GitHub's to give. */
static int assume(const struct aws_search *search, const struct aws_role *role, const char *path,
		  struct aws_credentials *ret, struct error *err)
{
	CLEANUP(secret_release) struct secret token = SECRET_INIT;
	int result = path ? read_token(path, &token, err) : github_token(search, &token, err);

	return result < 0 ? -1 : aws_role_assume_by_token(search, role, &token, ret, err);
}

/* A job of GitHub Actions with a role needs no action that logs it in. */
static bool is_github_job(const struct aws_search *search)
{
	const struct env *env = search->settings->env;

	return !search->skip_environment && env_get(env, "AWS_ROLE_ARN") &&
	       github_token_is_there(env);
}

static int web_identity_find(const struct aws_search *search, struct aws_credentials *ret,
			     struct str *ret_why, struct error *err)
{
	const char *path = get(search, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
	const struct aws_role role = {
		.arn = get(search, "AWS_ROLE_ARN", "role_arn"),
		.session_name = get(search, "AWS_ROLE_SESSION_NAME", "role_session_name"),
	};
	CLEANUP(str_release) struct str key = STR_INIT;

	if (!path && !is_github_job(search)) {
		str_addf(ret_why, "%sno web_identity_token_file in profile '%s'",
			 search->skip_environment ? ""
						  : "AWS_WEB_IDENTITY_TOKEN_FILE is not set and ",
			 search->profile);
		return 0;
	}
	if (!role.arn) {
		error_set(err, ERROR_CONFIG, "a web identity token and no role");
		return error_fix(err, "set AWS_ROLE_ARN, or role_arn in profile '%s'",
				 search->profile);
	}
	aws_role_key(&role, &key);
	if (!aws_cache_load(search, key.buf, ret) && assume(search, &role, path, ret, err) < 0)
		return -1;
	str_reset(&ret->source);
	str_addf(&ret->source, "role '%s' by the web identity %s%s%s", role.arn,
		 path ? "in '" : "of GitHub Actions", path ? path : "", path ? "'" : "");
	return 1;
}

const struct aws_provider aws_provider_web_identity = {
	.name = "web identity",
	.find = web_identity_find,
};
