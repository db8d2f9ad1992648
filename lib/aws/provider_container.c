#include "aws/credentials_json.h"
#include "aws/provider.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"
#include "sys/file.h"

#include <string.h>

/*
 * The credentials that ECS tasks and EKS pods are handed over HTTP (AWS SDKs and Tools Reference
 * Guide, "Container credential provider"; botocore, utils.py, ContainerMetadataFetcher).
 */

#define HOST	   "169.254.170.2"
#define ATTEMPTS   3
#define WAIT_MS	   1000
#define TIMEOUT_MS 1000
#define MAX_REPLY  (64 << 10)
#define MAX_TOKEN  (16 << 10)

static const struct aws_credentials_names names = {
	.id = "AccessKeyId",
	.secret = "SecretAccessKey",
	.token = "Token",
	.expires = "Expiration",
	.account = "AccountId",
};

/* Anybody's http endpoint would be a way to make us fetch from inside: https, this machine, or AWS.
 */
static int check_url(const char *url, struct error *err)
{
	static const char *const allowed[] = { HOST, "169.254.170.23", "[fd00:ec2::23]" };
	CLEANUP(str_release) struct str host = STR_INIT;
	char *port;

	url_host(url, &host);
	if (host.len == 0 || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
		return error_set(err, ERROR_CONFIG,
				 "AWS_CONTAINER_CREDENTIALS_FULL_URI: '%s' is not an http URL with "
				 "a host",
				 url);
	if (strncmp(url, "https://", 8) == 0 || url_is_loopback(url))
		return 0;
	port = strrchr(host.buf, ':');
	if (port && !strchr(port, ']'))
		str_cut(&host, (size_t)(port - host.buf));
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (strcmp(host.buf, allowed[i]) == 0)
			return 0;
	}
	error_set(err, ERROR_CONFIG,
		  "AWS_CONTAINER_CREDENTIALS_FULL_URI: '%s' is not a host to ask for credentials",
		  host.buf);
	return error_fix(err, "use https, a loopback address, %s, %s or %s", allowed[0], allowed[1],
			 allowed[2]);
}

/* The token is sent as it is; a line end in it would let it write headers of its own. */
static int read_token(const struct env *env, struct secret *ret_token, struct error *err)
{
	const char *path = env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	CLEANUP(str_wipe) struct str text = STR_INIT;

	if (path) {
		if (file_read(path, MAX_TOKEN, &text, err) < 0) {
			error_become(err, ERROR_AUTH);
			return error_wrap(err, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
		}
		secret_set(ret_token, text.buf, text.len);
	} else {
		secret_sets(ret_token, env_get(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN"));
	}
	if (strpbrk(secret_bytes(ret_token), "\r\n") ||
	    strlen(secret_bytes(ret_token)) != secret_len(ret_token))
		return error_set(err, ERROR_AUTH,
				 "the container's authorization token has a line end in it");
	return 0;
}

static void add_token(struct http_request *request, const struct secret *token)
{
	if (secret_is_set(token))
		strv_addf(&request->headers, "Authorization: %s", secret_bytes(token));
}

static int read_reply(const struct http_response *response, struct aws_credentials *ret,
		      struct error *err)
{
	CLEANUP(aws_json_wipe) json_t *document = NULL;

	if (response->status != 200)
		return error_set(err, ERROR_AUTH, "status %d", response->status);
	document = json_read(response->body.buf, response->body.len, err);
	if (!document)
		return error_become(err, ERROR_AUTH);
	return aws_credentials_read(document, &names, ret, err);
}

static int ask_once(const struct aws_search *search, const char *url, const struct secret *token,
		    struct aws_credentials *ret, struct error *err)
{
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	request.url = url;
	request.allow_http = request.allow_any_host_http = true;
	request.connect_timeout_ms = request.timeout_ms = TIMEOUT_MS;
	request.max_body = MAX_REPLY;
	request.ca_bundle = search->settings->ca_bundle;
	strv_add(&request.headers, "Accept: application/json");
	add_token(&request, token);
	if (http_send(search->http, &request, &response, err) < 0)
		return -1;
	return read_reply(&response, ret, err);
}

static int ask(const struct aws_search *search, const char *url, struct aws_credentials *ret,
	       struct error *err)
{
	CLEANUP(secret_release) struct secret token = SECRET_INIT;

	for (unsigned attempt = 1;; attempt++) {
		/* Read each time: EKS writes a new token to the file while we run. */
		if (read_token(search->settings->env, &token, err) < 0)
			return -1;
		if (ask_once(search, url, &token, ret, err) == 0)
			return 0;
		if (attempt == ATTEMPTS || err->kind == ERROR_SIGNAL)
			break;
		error_release(err);
		search->clock->sleep_ms(search->clock, WAIT_MS);
	}
	if (err->kind != ERROR_SIGNAL)
		error_become(err, ERROR_AUTH);
	return error_wrap(err, "container credentials from '%s'", url);
}

static int container_find(const struct aws_search *search, struct aws_credentials *ret,
			  struct str *ret_why, struct error *err)
{
	const struct env *env = search->settings->env;
	const char *relative = env_get(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = env_get(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	CLEANUP_FREE char *url = NULL;

	if (!relative && !full) {
		str_adds(ret_why, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not "
				  "set");
		return 0;
	}
	url = relative ? mem_printf("http://" HOST "%s%s", *relative == '/' ? "" : "/", relative)
		       : mem_strdup(full);
	if (check_url(url, err) < 0 || ask(search, url, ret, err) < 0)
		return -1;
	str_adds(&ret->source, "container");
	return 1;
}

const struct aws_provider aws_provider_container = {
	.name = "container",
	.find = container_find,
};
