#include "aws/github_token.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"
#include "data/json.h"

#include <string.h>

#define URL_VARIABLE   "ACTIONS_ID_TOKEN_REQUEST_URL"
#define TOKEN_VARIABLE "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
#define TIMEOUT_MS     10000
#define MAX_REPLY      (64 << 10)

bool github_token_is_there(const struct env *env)
{
	return env_get(env, URL_VARIABLE) && env_get(env, TOKEN_VARIABLE);
}

static int read_reply(const struct http_response *response, struct secret *ret, struct error *err)
{
	json_auto_t *document = NULL;
	const char *value;

	if (response->status != 200)
		return error_set(err, ERROR_AUTH, "status %d", response->status);
	document = json_read(response->body.buf, response->body.len, err);
	if (!document)
		return error_become(err, ERROR_AUTH);
	value = json_text(document, "value");
	if (!value || !*value)
		return error_set(err, ERROR_AUTH, "no token in the reply");
	secret_sets(ret, value);
	return 0;
}

static int ask(const struct aws_search *search, const char *url, const char *bearer,
	       struct secret *ret, struct error *err)
{
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	request.url = url;
	request.allow_http = true;
	request.timeout_ms = TIMEOUT_MS;
	request.max_body = MAX_REPLY;
	request.ca_bundle = search->settings->ca_bundle;
	request.proxy = aws_settings_proxy(search->settings, url);
	strv_addf(&request.headers, "Authorization: bearer %s", bearer);
	if (http_send(search->http, &request, &response, err) < 0)
		return -1;
	return read_reply(&response, ret, err);
}

int github_token(const struct aws_search *search, struct secret *ret, struct error *err)
{
	const struct env *env = search->settings->env;
	const char *base = env_get(env, URL_VARIABLE);
	CLEANUP_FREE char *url =
		mem_printf("%s%saudience=sts.amazonaws.com", base, strchr(base, '?') ? "&" : "?");

	if (strncmp(base, "https://", 8) != 0 && !url_is_loopback(base))
		return error_set(err, ERROR_CONFIG, URL_VARIABLE " is not an https URL");
	if (strpbrk(env_get(env, TOKEN_VARIABLE), "\r\n"))
		return error_set(err, ERROR_AUTH, TOKEN_VARIABLE " has a line end in it");
	if (ask(search, url, env_get(env, TOKEN_VARIABLE), ret, err) == 0)
		return 0;
	if (err->kind != ERROR_SIGNAL)
		error_become(err, ERROR_AUTH);
	error_wrap(err, "an identity token of GitHub Actions");
	return error_fix(err, "give the job 'permissions: id-token: write'");
}
