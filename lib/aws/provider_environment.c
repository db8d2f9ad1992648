#include "aws/provider.h"

/* The keys in the environment (AWS CLI user guide, "Environment variables"). */

static int incomplete(struct error *err)
{
	error_set(err, ERROR_AUTH,
		  "environment: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
	return error_fix(err, "set both or neither");
}

static int read_expiry(const struct env *env, int64_t *ret_expires_ms, struct error *err)
{
	const char *text = env_get(env, "AWS_CREDENTIAL_EXPIRATION");

	if (!text || clock_parse_rfc3339(text, ret_expires_ms))
		return 0;
	return error_set(err, ERROR_AUTH,
			 "environment: AWS_CREDENTIAL_EXPIRATION: '%s' is not a time", text);
}

static int environment_find(const struct aws_search *search, struct aws_credentials *ret,
			    struct str *ret_why, struct error *err)
{
	const struct env *env = search->settings->env;
	const char *id = env_get(env, "AWS_ACCESS_KEY_ID"), *account;
	const char *secret = env_get(env, "AWS_SECRET_ACCESS_KEY");
	const char *token = env_get(env, "AWS_SECURITY_TOKEN");

	if (search->skip_environment) {
		str_adds(ret_why, "not looked at: a profile was named");
		return 0;
	}
	if (!id) {
		str_adds(ret_why, "AWS_ACCESS_KEY_ID is not set");
		return 0;
	}
	if (!secret)
		return incomplete(err);
	if (read_expiry(env, &ret->expires_ms, err) < 0)
		return -1;
	str_adds(&ret->access_key_id, id);
	secret_sets(&ret->secret_key, secret);
	secret_sets(&ret->session_token, token ? token : env_get(env, "AWS_SESSION_TOKEN"));
	account = env_get(env, "AWS_ACCOUNT_ID");
	str_adds(&ret->account_id, account ? account : "");
	str_adds(&ret->source, "environment");
	return 1;
}

const struct aws_provider aws_provider_environment = {
	.name = "environment",
	.find = environment_find,
};
