#include "aws/sso.h"

#include "aws/credentials_json.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/url.h"

#include <string.h>

static const struct aws_operation register_client = {
	.service = AWS_SSO_OIDC,
	.name = "RegisterClient",
	.is_unsigned = true,
	.method = "POST",
	.path = "/client/register",
};
static const struct aws_operation start_device_authorization = {
	.service = AWS_SSO_OIDC,
	.name = "StartDeviceAuthorization",
	.is_unsigned = true,
	.method = "POST",
	.path = "/device_authorization",
};
static const struct aws_operation create_token = {
	.service = AWS_SSO_OIDC,
	.name = "CreateToken",
	.is_unsigned = true,
	.method = "POST",
	.path = "/token",
};
static const struct aws_operation get_role_credentials = {
	.service = AWS_SSO,
	.name = "GetRoleCredentials",
	.is_unsigned = true,
	.method = "GET",
	.path = "/federation/credentials",
};

static const struct aws_credentials_names names = {
	.id = "accessKeyId",
	.secret = "secretAccessKey",
	.token = "sessionToken",
	.expires = "expiration",
	.account = "accountId",
};

void sso_client_release(struct sso_client *client)
{
	str_release(&client->id);
	secret_release(&client->secret);
	client->expires_ms = 0;
}

void sso_device_release(struct sso_device *device)
{
	secret_release(&device->device_code);
	str_release(&device->user_code);
	str_release(&device->url);
	str_release(&device->whole_url);
}

void sso_token_release(struct sso_token *token)
{
	secret_release(&token->access_token);
	secret_release(&token->refresh_token);
	sso_client_release(&token->client);
	token->expires_ms = 0;
}

/* Replies hold tokens: their texts go before their memory does. */
static void reply_wipe(struct aws_reply *reply)
{
	aws_json_wipe(&reply->json);
	aws_reply_release(reply);
}

static void set_str(struct str *to, const char *text)
{
	str_reset(to);
	str_adds(to, text ? text : "");
}

static int missing(const struct aws_operation *operation, const char *name, struct error *err)
{
	return error_set(err, ERROR_REMOTE, "%s: no '%s' in the answer", operation->name, name);
}

static int64_t in_seconds(const struct aws_caller *caller, const json_t *seconds)
{
	return caller->clock->wall_ms(caller->clock) + json_integer_value(seconds) * 1000;
}

static json_t *split_scopes(const char *scopes)
{
	CLEANUP(strv_release) struct strv list = STRV_INIT;
	json_t *array = json_array();

	strv_split(&list, scopes, ", \t\n");
	for (size_t i = 0; i < list.count; i++)
		(void)json_array_append_new(array, json_string(list.v[i]));
	return array;
}

int sso_register_client(struct aws_caller *caller, const char *region, const char *scopes,
			struct sso_client *ret, struct error *err)
{
	CLEANUP(reply_wipe) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *body =
		json_pack("{s:s, s:s}", "clientName", "deployer", "clientType", "public");
	const struct aws_input input = { .json = body, .region = region };
	const char *id, *secret;

	if (scopes)
		(void)json_object_set_new(body, "scopes", split_scopes(scopes));
	if (aws_call(caller, &register_client, &input, &reply, err) < 0)
		return -1;
	id = json_text(reply.json, "clientId");
	secret = json_text(reply.json, "clientSecret");
	if (!id || !secret)
		return missing(&register_client, id ? "clientSecret" : "clientId", err);
	set_str(&ret->id, id);
	secret_sets(&ret->secret, secret);
	ret->expires_ms =
		json_integer_value(json_object_get(reply.json, "clientSecretExpiresAt")) * 1000;
	return 0;
}

int sso_start_device(struct aws_caller *caller, const char *region, const struct sso_client *client,
		     const char *start_url, struct sso_device *ret, struct error *err)
{
	CLEANUP(reply_wipe) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(aws_json_wipe)
	json_t *body = json_pack("{s:s, s:s, s:s}", "clientId", client->id.buf, "clientSecret",
				 secret_bytes(&client->secret), "startUrl", start_url);
	const struct aws_input input = { .json = body, .region = region };
	const char *code, *user_code, *url;
	int64_t interval;

	if (aws_call(caller, &start_device_authorization, &input, &reply, err) < 0)
		return -1;
	code = json_text(reply.json, "deviceCode");
	user_code = json_text(reply.json, "userCode");
	url = json_text(reply.json, "verificationUri");
	if (!code || !user_code || !url)
		return missing(&start_device_authorization,
			       !code  ? "deviceCode"
			       : !url ? "verificationUri"
				      : "userCode",
			       err);
	secret_sets(&ret->device_code, code);
	set_str(&ret->user_code, user_code);
	set_str(&ret->url, url);
	set_str(&ret->whole_url, json_text(reply.json, "verificationUriComplete"));
	ret->expires_ms = in_seconds(caller, json_object_get(reply.json, "expiresIn"));
	interval = json_integer_value(json_object_get(reply.json, "interval"));
	/* RFC 8628 section 3.2: five seconds where the service does not say. */
	ret->interval_ms = (interval > 0 ? interval : 5) * 1000;
	return 0;
}

static int call_create_token(struct aws_caller *caller, const char *region, const json_t *body,
			     struct sso_token *ret, struct error *err)
{
	CLEANUP(reply_wipe) struct aws_reply reply = AWS_REPLY_INIT;
	const struct aws_input input = { .json = body, .region = region };
	const char *access, *refresh;

	if (aws_call(caller, &create_token, &input, &reply, err) < 0)
		return -1;
	access = json_text(reply.json, "accessToken");
	refresh = json_text(reply.json, "refreshToken");
	if (!access)
		return missing(&create_token, "accessToken", err);
	secret_sets(&ret->access_token, access);
	secret_sets(&ret->refresh_token, refresh);
	ret->expires_ms = in_seconds(caller, json_object_get(reply.json, "expiresIn"));
	return 0;
}

int sso_create_token_for_device(struct aws_caller *caller, const char *region,
				const struct sso_client *client, const struct sso_device *device,
				struct sso_token *ret, struct error *err)
{
	CLEANUP(aws_json_wipe)
	json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "grantType",
				 "urn:ietf:params:oauth:grant-type:device_code", "deviceCode",
				 secret_bytes(&device->device_code), "clientId", client->id.buf,
				 "clientSecret", secret_bytes(&client->secret));

	return call_create_token(caller, region, body, ret, err);
}

int sso_refresh_token(struct aws_caller *caller, const char *region, struct sso_token *token,
		      struct error *err)
{
	CLEANUP(aws_json_wipe)
	json_t *body =
		json_pack("{s:s, s:s, s:s, s:s}", "grantType", "refresh_token", "refreshToken",
			  secret_bytes(&token->refresh_token), "clientId", token->client.id.buf,
			  "clientSecret", secret_bytes(&token->client.secret));

	return call_create_token(caller, region, body, token, err);
}

int sso_get_role_credentials(struct aws_caller *caller, const char *region,
			     const struct sso_token *token, const char *account_id,
			     const char *role_name, struct aws_credentials *ret, struct error *err)
{
	CLEANUP(reply_wipe) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(strv_wipe) struct strv headers = STRV_INIT;
	CLEANUP(str_release) struct str query = STR_INIT;
	struct aws_input input = { .headers = &headers, .region = region };

	strv_addf(&headers, "x-amz-sso_bearer_token: %s", secret_bytes(&token->access_token));
	str_adds(&query, "role_name=");
	url_encode(&query, role_name, strlen(role_name));
	str_adds(&query, "&account_id=");
	url_encode(&query, account_id, strlen(account_id));
	input.query = query.buf;
	if (aws_call(caller, &get_role_credentials, &input, &reply, err) < 0)
		return -1;
	if (aws_credentials_read(json_object_get(reply.json, "roleCredentials"), &names, ret, err) <
	    0)
		return error_wrap(err, "SSO GetRoleCredentials: the answer");
	set_str(&ret->account_id, account_id);
	return 0;
}
