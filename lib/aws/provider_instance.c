#include "aws/credentials_json.h"
#include "aws/provider.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/slice.h"
#include "base/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The role of an EC2 instance, from its metadata service, by IMDSv2 only (EC2 user guide, "Use the
 * Instance Metadata Service"; botocore, utils.py, InstanceMetadataFetcher, without its step back to
 * version 1).
 */

#define URL_IPV4    "http://169.254.169.254/"
#define URL_IPV6    "http://[fd00:ec2::254]/"
#define ROLES_PATH  "latest/meta-data/iam/security-credentials/"
#define REGION_PATH "latest/meta-data/placement/region"
#define MAX_REPLY   (64 << 10)

/*
 * When the service cannot renew in time it goes on giving the old credentials, and AWS goes on
 * taking them; so they are used, and asked for again in five minutes: what lasts ten is
 * renewed five before its end (aws_chain_resolve()).
 */
#define EXTENSION_MS (10 * 60 * 1000)

static const struct aws_credentials_names names = {
	.id = "AccessKeyId",
	.secret = "SecretAccessKey",
	.token = "Token",
	.expires = "Expiration",
	.account = "AccountId",
};

/* A conversation with the metadata service. */
struct imds {
	const struct aws_search *search;
	char *url; /* ends with '/' */
	unsigned timeout_ms;
	unsigned attempts;
	struct secret token;
};

static int read_number(const struct aws_search *search, const char *variable, const char *property,
		       unsigned *ret_number, struct error *err)
{
	const char *text = aws_settings_get(search->settings, variable, property);
	uint64_t number = 1;

	if (text && (!slice_to_u64(slice_of(text), 3600, &number) || number == 0))
		return error_set(err, ERROR_CONFIG, "%s (%s): '%s' is not a number from 1 to 3600",
				 property, variable, text);
	*ret_number = (unsigned)number;
	return 0;
}

static int read_mode(const struct aws_search *search, bool *ret_is_ipv6, struct error *err)
{
	const char *mode =
		aws_settings_get(search->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
				 "ec2_metadata_service_endpoint_mode");
	const char *ipv6 = aws_settings_get(search->settings, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");

	if (mode && strcasecmp(mode, "ipv4") != 0 && strcasecmp(mode, "ipv6") != 0)
		return error_set(err, ERROR_CONFIG,
				 "ec2_metadata_service_endpoint_mode "
				 "(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE): '%s' is neither IPv4 "
				 "nor IPv6",
				 mode);
	*ret_is_ipv6 = mode ? strcasecmp(mode, "ipv6") == 0 : ipv6 && strcasecmp(ipv6, "true") == 0;
	return 0;
}

/* The address that was configured, whole and with a '/' at its end. Owned by the caller. */
static int find_url(const struct aws_search *search, char **ret_url, struct error *err)
{
	const char *url = aws_settings_get(search->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
					   "ec2_metadata_service_endpoint");
	CLEANUP(str_release) struct str host = STR_INIT;
	bool is_ipv6 = false;

	if (read_mode(search, &is_ipv6, err) < 0)
		return -1;
	if (!url)
		url = is_ipv6 ? URL_IPV6 : URL_IPV4;
	url_host(url, &host);
	if (strncmp(url, "http", 4) != 0 || host.len == 0 || url[strcspn(url, " \t\"<>\\")])
		return error_set(err, ERROR_CONFIG,
				 "ec2_metadata_service_endpoint "
				 "(AWS_EC2_METADATA_SERVICE_ENDPOINT): '%s' is not an http URL",
				 url);
	*ret_url = mem_printf("%s%s", url, url[strlen(url) - 1] == '/' ? "" : "/");
	return 0;
}

static int send_once(const struct imds *imds, const char *method, const char *path,
		     struct http_response *ret, struct error *err)
{
	CLEANUP(http_request_release) struct http_request request = HTTP_REQUEST_INIT;
	CLEANUP_FREE char *url = mem_printf("%s%s", imds->url, path);

	request.method = method;
	request.url = url;
	request.allow_http = request.allow_any_host_http = true;
	request.connect_timeout_ms = request.timeout_ms = imds->timeout_ms;
	request.max_body = MAX_REPLY;
	if (secret_is_set(&imds->token))
		strv_addf(&request.headers, "X-aws-ec2-metadata-token: %s",
			  secret_bytes(&imds->token));
	else
		strv_add(&request.headers, "X-aws-ec2-metadata-token-ttl-seconds: 21600");
	return http_send(imds->search->http, &request, ret, err);
}

/*
 * Asks for something, up to `attempts` times. 1 with the body; 0 with the reason in *ret_why where
 * the service is not there or has no answer; -1 only where a signal asks to stop.
 */
static int ask(const struct imds *imds, const char *method, const char *path, struct str *ret_body,
	       struct str *ret_why, struct error *err)
{
	for (unsigned attempt = 1;; attempt++) {
		CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
		int result = send_once(imds, method, path, &response, err);
		bool is_good = result == 0 && response.status == 200 && response.body.len;

		str_reset(ret_why);
		if (result < 0 && err->kind == ERROR_SIGNAL)
			return -1;
		if (result < 0)
			str_adds(ret_why, err->msg.buf);
		else
			str_addf(ret_why, "%s%s: status %d", imds->url, path, response.status);
		if (is_good)
			str_add(ret_body, response.body.buf, response.body.len);
		error_release(err);
		if (is_good)
			return 1;
		if (attempt >= imds->attempts)
			return 0;
	}
}

static int get_token(struct imds *imds, struct str *ret_why, struct error *err)
{
	CLEANUP(str_wipe) struct str body = STR_INIT;
	int result = ask(imds, "PUT", "latest/api/token", &body, ret_why, err);

	if (result <= 0)
		return result;
	if (strpbrk(body.buf, "\r\n")) {
		str_adds(ret_why, ": the token has a line end in it");
		return 0;
	}
	secret_set(&imds->token, body.buf, body.len);
	return 1;
}

/* The service says 200 and {"Code": ..., "Message": ...} where the role does not trust EC2. */
static int read_credentials(const struct str *body, struct aws_credentials *ret,
			    struct str *ret_why)
{
	CLEANUP(error_release) struct error cause = ERROR_INIT;
	CLEANUP(aws_json_wipe) json_t *document = json_read(body->buf, body->len, &cause);
	const char *code = json_text(document, "Code");

	str_reset(ret_why);
	if (document && aws_credentials_read(document, &names, ret, &cause) == 0)
		return 1;
	str_adds(ret_why, cause.msg.buf);
	if (code)
		str_addf(ret_why, ", code '%s'", code);
	return 0;
}

static int get_credentials(struct imds *imds, struct aws_credentials *ret, struct str *ret_why,
			   struct error *err)
{
	CLEANUP(str_wipe) struct str body = STR_INIT;
	CLEANUP(str_release) struct str role = STR_INIT, path = STR_INIT;
	int result = ask(imds, "GET", ROLES_PATH, &role, ret_why, err);

	if (result <= 0)
		return result;
	str_cut(&role, strcspn(role.buf, "\r\n"));
	str_adds(&path, ROLES_PATH);
	url_encode(&path, role.buf, role.len);
	result = ask(imds, "GET", path.buf, &body, ret_why, err);
	if (result <= 0)
		return result;
	result = read_credentials(&body, ret, ret_why);
	str_addf(&ret->source, "instance role '%s'", role.buf);
	return result;
}

static void extend(const struct aws_search *search, struct aws_credentials *credentials)
{
	int64_t next_ms = search->clock->wall_ms(search->clock) + EXTENSION_MS;

	if (credentials->expires_ms && credentials->expires_ms < next_ms)
		credentials->expires_ms = next_ms;
}

static bool is_disabled(const struct aws_search *search)
{
	const char *text = env_get(search->settings->env, "AWS_EC2_METADATA_DISABLED");

	return text && strcasecmp(text, "true") == 0;
}

static void imds_release(struct imds *imds)
{
	free(imds->url);
	secret_release(&imds->token);
}

/* Begins a conversation; returns as ask() does, -1 also where a setting is wrong. */
static int open_imds(struct imds *imds, struct str *ret_why, struct error *err)
{
	const struct aws_search *search = imds->search;
	unsigned timeout_s = 1;

	if (is_disabled(search)) {
		str_adds(ret_why, "AWS_EC2_METADATA_DISABLED is true");
		return 0;
	}
	if (find_url(search, &imds->url, err) < 0 ||
	    read_number(search, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout",
			&timeout_s, err) < 0 ||
	    read_number(search, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
			"metadata_service_num_attempts", &imds->attempts, err) < 0)
		return -1;
	imds->timeout_ms = timeout_s * 1000;
	return get_token(imds, ret_why, err);
}

static int instance_find(const struct aws_search *search, struct aws_credentials *ret,
			 struct str *ret_why, struct error *err)
{
	CLEANUP(imds_release) struct imds imds = { .search = search, .token = SECRET_INIT };
	int result = open_imds(&imds, ret_why, err);

	if (result > 0)
		result = get_credentials(&imds, ret, ret_why, err);
	if (result > 0)
		extend(search, ret);
	return result;
}

int aws_instance_region(const struct aws_search *search, struct str *ret_region, struct error *err)
{
	CLEANUP(imds_release) struct imds imds = { .search = search, .token = SECRET_INIT };
	CLEANUP(str_release) struct str why = STR_INIT;
	int result = open_imds(&imds, &why, err);

	if (result > 0)
		result = ask(&imds, "GET", REGION_PATH, ret_region, &why, err);
	str_cut(ret_region, strcspn(ret_region->buf, " \t\r\n"));
	return result;
}

const struct aws_provider aws_provider_instance = {
	.name = "EC2 instance",
	.find = instance_find,
};
