#include "aws/cache.h"
#include "aws/credentials_json.h"
#include "aws/dpop.h"
#include "aws/provider.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/random.h"
#include "data/digest.h"

#include <string.h>

/*
 * login_session: the sign-in that 'aws login' left in ~/.aws/login/cache (botocore, credentials.py,
 * LoginCredentialFetcher). Read, and renewed by its refresh token; signing in itself is left to
 * 'aws login'.
 */

#define MIN_MS	   (5 * 60 * 1000)
#define TIMEOUT_MS 60000
#define MAX_REPLY  (256 << 10)

static const struct aws_credentials_names names = {
	.id = "accessKeyId",
	.secret = "secretAccessKey",
	.token = "sessionToken",
	.expires = "expiresAt",
	.account = "accountId",
};

static char *token_path(const struct env *env, const char *session)
{
	const char *dir = env_get(env, "AWS_LOGIN_CACHE_DIRECTORY");
	CLEANUP(str_release) struct str key = STR_INIT;

	digest_sha256_hex(&key, session, strlen(session));
	return dir ? mem_printf("%s/%s.json", dir, key.buf)
		   : aws_cache_path(env, "login/cache", key.buf);
}

static int sign_in_again(const char *why, struct error *err)
{
	error_set(err, ERROR_AUTH, "%s", why);
	return error_fix(err, "run 'aws login'");
}

static int load_token(const char *path, json_t **ret_token, struct error *err)
{
	static const char *const members[] = { "refreshToken", "dpopKey", "clientId" };
	json_t *token = path ? aws_cache_read(path) : NULL;

	*ret_token = token;
	if (!token)
		return sign_in_again("nobody has signed in with 'aws login'", err);
	if (!json_is_object(json_object_get(token, "accessToken")))
		return sign_in_again("the sign-in has no 'accessToken'", err);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (json_text(token, members[i]))
			continue;
		error_set(err, ERROR_AUTH, "the sign-in has no '%s'", members[i]);
		return error_fix(err, "run 'aws login'");
	}
	return 0;
}

/* The rules of the Sign-In service, for the partitions that have it and plain endpoints. */
static int find_url(const struct aws_settings *settings, struct str *ret_url, struct error *err)
{
	const char *region = settings->region;
	CLEANUP_FREE char *custom = aws_settings_endpoint_url(settings, "signin");

	if (custom) {
		str_addf(ret_url, "%s/v1/token", custom);
		return 0;
	}
	if (!region) {
		error_set(err, ERROR_CONFIG, "no region is set");
		return error_fix(err, "set --region, AWS_REGION, or region in the profile");
	}
	if (settings->use_fips || settings->use_dualstack || strstr(region, "-iso") ||
	    strncmp(region, "eusc-", 5) == 0)
		return sign_in_again(
			"a sign-in can be renewed at plain endpoints of AWS, AWS China "
			"and AWS GovCloud only",
			err);
	str_addf(ret_url, "https://%s.signin.%s/v1/token", region,
		 strncmp(region, "cn-", 3) == 0	      ? "amazonaws.cn"
		 : strncmp(region, "us-gov-", 7) == 0 ? "amazonaws-us-gov.com"
						      : "aws.amazon.com");
	return 0;
}

static int send(const struct aws_search *search, const char *url, const char *proof,
		const struct str *body, struct http_response *ret, struct error *err)
{
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	const struct aws_settings *settings = search->settings;
	struct http_request request = {
		.method = "POST",
		.url = url,
		.body = body->buf,
		.body_len = body->len,
		.ca_bundle = settings->ca_bundle,
		.proxy = aws_settings_proxy(settings, url),
		.allow_http = true,
		.timeout_ms = TIMEOUT_MS,
		.max_body = MAX_REPLY,
	};

	strv_add(&headers, "Content-Type: application/json");
	strv_addf(&headers, "DPoP: %s", proof);
	request.headers = headers;
	return http_send(search->http, &request, ret, err);
}

static int ask(const struct aws_search *search, const json_t *token, json_t **ret_answer,
	       struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(str_release) struct str url = STR_INIT, proof = STR_INIT, id = STR_INIT;
	CLEANUP(str_wipe) struct str body = STR_INIT;

	random_hex(&id, 16);
	if (find_url(search->settings, &url, err) < 0)
		return -1;
	if (dpop_prove(json_text(token, "dpopKey"), url.buf, search->clock->wall_ms(search->clock),
		       id.buf, &proof, err) < 0) {
		error_wrap(err, "'dpopKey'");
		return error_fix(err, "run 'aws login'");
	}
	str_adds(&body, "{\"clientId\":");
	json_quote(&body, json_text(token, "clientId"));
	str_adds(&body, ",\"grantType\":\"refresh_token\",\"refreshToken\":");
	json_quote(&body, json_text(token, "refreshToken"));
	str_addc(&body, '}');
	if (send(search, url.buf, proof.buf, &body, &response, err) < 0)
		return -1;
	if (response.status != 200) {
		error_set(err, ERROR_AUTH, "the sign-in service refused to renew it: status %d",
			  response.status);
		return error_fix(err, "run 'aws login'");
	}
	*ret_answer = json_read(response.body.buf, response.body.len, err);
	return *ret_answer ? 0 : error_become(err, ERROR_NETWORK);
}

/* Takes over what the service renewed and leaves the rest of the sign-in as it was. */
static int update(const struct aws_search *search, json_t *token, const json_t *answer,
		  struct error *err)
{
	const json_t *fresh = json_object_get(answer, "accessToken");
	json_t *keys = json_object_get(token, "accessToken");
	const char *refresh_token = json_text(answer, "refreshToken");
	int64_t seconds = json_integer_value(json_object_get(answer, "expiresIn"));
	CLEANUP(str_release) struct str expires = STR_INIT;

	if (!json_text(fresh, names.id) || !json_text(fresh, names.secret) || !refresh_token ||
	    seconds <= 0)
		return error_set(err, ERROR_NETWORK, "the sign-in service gave no whole answer");
	clock_format_rfc3339(search->clock->wall_ms(search->clock) + seconds * 1000, &expires);
	(void)json_object_set_new(keys, names.id, json_string(json_text(fresh, names.id)));
	(void)json_object_set_new(keys, names.secret, json_string(json_text(fresh, names.secret)));
	/* A copy: the answer is wiped. */
	(void)json_object_set_new(keys, names.token,
				  json_deep_copy(json_object_get(fresh, names.token)));
	(void)json_object_set_new(keys, names.expires, json_string(expires.buf));
	(void)json_object_set_new(token, "refreshToken", json_string(refresh_token));
	return 0;
}

/* Where the new one cannot be kept, this run can go on with it still. */
static int renew(const struct aws_search *search, const char *path, json_t *token,
		 struct error *err)
{
	CLEANUP(aws_json_wipe) json_t *answer = NULL;
	CLEANUP(error_release) struct error cause = ERROR_INIT;

	if (ask(search, token, &answer, err) < 0 || update(search, token, answer, err) < 0)
		return -1;
	if (aws_cache_write(path, token, &cause) < 0)
		report_warning(search->report, "the renewed sign-in: %s", cause.msg.buf);
	return 0;
}

static int load(const struct aws_search *search, const char *session, struct aws_credentials *ret,
		struct error *err)
{
	CLEANUP_FREE char *path = token_path(search->settings->env, session);
	CLEANUP(aws_json_wipe) json_t *token = NULL;
	const json_t *keys;

	if (load_token(path, &token, err) < 0)
		return -1;
	keys = json_object_get(token, "accessToken");
	if (aws_credentials_read(keys, &names, ret, err) < 0)
		return error_fix(err, "run 'aws login'");
	if (!search->skip_cache && ret->expires_ms - search->clock->wall_ms(search->clock) > MIN_MS)
		return 0;
	if (renew(search, path, token, err) < 0)
		return -1;
	return aws_credentials_read(keys, &names, ret, err);
}

static int login_find(const struct aws_search *search, struct aws_credentials *ret,
		      struct str *ret_why, struct error *err)
{
	const char *session = aws_section_get(aws_search_section(search), "login_session");

	if (!session) {
		str_addf(ret_why, "no login_session in profile '%s'", search->profile);
		return 0;
	}
	if (load(search, session, ret, err) < 0)
		return error_wrap(err, "login_session of profile '%s'", search->profile);
	str_addf(&ret->source, "sign-in of profile '%s'", search->profile);
	return 1;
}

const struct aws_provider aws_provider_login = {
	.name = "login",
	.find = login_find,
};
