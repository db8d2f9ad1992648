#include "aws/ecr.h"

#include "aws/call.h"
#include "base/cleanup.h"
#include "data/digest.h"

#include <string.h>

static const struct aws_operation get_authorization_token = { .service = AWS_ECR,
							      .name = "GetAuthorizationToken" };
static const struct aws_operation describe_repositories = { .service = AWS_ECR,
							    .name = "DescribeRepositories" };
static const struct aws_operation create_repository = { .service = AWS_ECR,
							.name = "CreateRepository" };

void ecr_authorization_release(struct ecr_authorization *authorization)
{
	str_release(&authorization->proxy_endpoint);
	str_release(&authorization->username);
	secret_release(&authorization->password);
	authorization->expires_ms = 0;
}

void ecr_repository_release(struct ecr_repository *repository)
{
	str_release(&repository->uri);
	str_release(&repository->arn);
	str_release(&repository->registry_id);
	repository->is_immutable = false;
}

static int call(struct aws_client *client, const struct aws_operation *operation,
		const json_t *json, struct aws_reply *ret, struct error *err)
{
	struct aws_input input = { .json = json };

	return aws_call(aws_client_caller(client), operation, &input, ret, err);
}

/* The token is base64 of "user:password". */
static bool read_token(const char *token, struct ecr_authorization *authorization)
{
	CLEANUP(str_wipe) struct str plain = STR_INIT;
	const char *colon;

	if (!token || !base64_decode(&plain, token, strlen(token)))
		return false;
	colon = memchr(plain.buf, ':', plain.len);
	if (!colon || colon == plain.buf || !colon[1] || strlen(plain.buf) != plain.len)
		return false;
	str_add(&authorization->username, plain.buf, (size_t)(colon - plain.buf));
	secret_sets(&authorization->password, colon + 1);
	return true;
}

int ecr_get_authorization(struct aws_client *client, struct ecr_authorization *ret,
			  struct error *err)
{
	return ecr_get_authorization_for(client, NULL, ret, err);
}

int ecr_get_authorization_for(struct aws_client *client, const char *registry_id,
			      struct ecr_authorization *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	CLEANUP(ecr_authorization_release) struct ecr_authorization found = ECR_AUTHORIZATION_INIT;
	json_auto_t *json = registry_id ? json_pack("{s:[s]}", "registryIds", registry_id) : NULL;
	const json_t *data;
	const char *endpoint;

	if (registry_id && !json)
		return error_set(err, ERROR_CONFIG, "'%s' is not a registry's id", registry_id);
	if (call(client, &get_authorization_token, json, &reply, err) < 0)
		return -1;
	data = json_array_get(json_object_get(reply.json, "authorizationData"), 0);
	endpoint = json_text(data, "proxyEndpoint");
	if (!endpoint || !read_token(json_text(data, "authorizationToken"), &found))
		return aws_reply_lacks(&get_authorization_token, "an endpoint and a token for it",
				       err);
	str_adds(&found.proxy_endpoint, endpoint);
	found.expires_ms =
		(int64_t)(json_number_value(json_object_get(data, "expiresAt")) * 1000.0);
	ecr_authorization_release(ret);
	*ret = found;
	found = (struct ecr_authorization)ECR_AUTHORIZATION_INIT;
	return 0;
}

static int read_repository(const struct aws_operation *operation, const json_t *node,
			   struct ecr_repository *ret, struct error *err)
{
	const char *uri = json_text(node, "repositoryUri");
	const char *arn = json_text(node, "repositoryArn");
	const char *registry_id = json_text(node, "registryId");
	const char *mutability = json_text(node, "imageTagMutability");

	if (!uri)
		return aws_reply_lacks(operation, "the repository's URI", err);
	ecr_repository_release(ret);
	str_adds(&ret->uri, uri);
	str_adds(&ret->arn, arn ? arn : "");
	str_adds(&ret->registry_id, registry_id ? registry_id : "");
	ret->is_immutable = mutability && strncmp(mutability, "IMMUTABLE", 9) == 0;
	return 0;
}

int ecr_describe_repository(struct aws_client *client, const char *registry_id, const char *name,
			    struct ecr_repository *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *json =
		json_pack("{s:[s], s:s*}", "repositoryNames", name, "registryId", registry_id);

	if (!json)
		return error_set(err, ERROR_CONFIG, "'%s' is not a repository name", name);
	if (call(client, &describe_repositories, json, &reply, err) < 0)
		return -1;
	return read_repository(&describe_repositories,
			       json_array_get(json_object_get(reply.json, "repositories"), 0), ret,
			       err);
}

int ecr_create_repository(struct aws_client *client, const char *name, struct ecr_repository *ret,
			  struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *json = json_pack("{s:s}", "repositoryName", name);

	if (!json)
		return error_set(err, ERROR_CONFIG, "'%s' is not a repository name", name);
	if (call(client, &create_repository, json, &reply, err) < 0)
		return -1;
	return read_repository(&create_repository, json_object_get(reply.json, "repository"), ret,
			       err);
}
