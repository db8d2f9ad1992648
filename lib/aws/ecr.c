#include "aws/ecr.h"

#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"

#include <stdlib.h>
#include <string.h>

#define OPERATION(name_)                                                                           \
	{                                                                                          \
		.service = AWS_ECR, .name = (name_)                                                \
	}

static const struct aws_operation create_repository = OPERATION("CreateRepository");
static const struct aws_operation describe_images = OPERATION("DescribeImages");
static const struct aws_operation describe_repositories = OPERATION("DescribeRepositories");
static const struct aws_operation get_authorization_token = OPERATION("GetAuthorizationToken");

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

void ecr_images_release(struct ecr_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->items[i].digest);
		free(images->items[i].media_type);
		strv_release(&images->items[i].tags);
	}
	free(images->items);
	*images = (struct ecr_images)ECR_IMAGES_INIT;
}

/* The token is base64 of "user:password". */
static bool read_token(const char *token, struct ecr_authorization *authorization)
{
	CLEANUP(str_wipe) struct str plain = STR_INIT;
	const char *colon;

	if (!token || !base64_decode(&plain, token, strlen(token)))
		return false;
	colon = strchr(plain.buf, ':');
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
	json_auto_t *input = registry_id ? json_pack("{s:[s]}", "registryIds", registry_id) : NULL;
	const json_t *data;

	if (registry_id && !input)
		return shape_unsendable(&get_authorization_token, err);
	if (shape_call(client, &get_authorization_token, input, &reply, err) < 0)
		return -1;
	data = json_array_get(json_object_get(reply.json, "authorizationData"), 0);
	shape_text(&found.proxy_endpoint, data, "proxyEndpoint");
	if (!found.proxy_endpoint.len || !read_token(json_text(data, "authorizationToken"), &found))
		return aws_reply_lacks(&get_authorization_token, "an endpoint or its token", err);
	found.expires_ms = shape_time_ms(data, "expiresAt");
	ecr_authorization_release(ret);
	*ret = found;
	found = (struct ecr_authorization)ECR_AUTHORIZATION_INIT;
	return 0;
}

static int read_repository(const struct aws_operation *operation, const json_t *node,
			   struct ecr_repository *ret, struct error *err)
{
	const char *mutability = json_text(node, "imageTagMutability");

	if (!json_text(node, "repositoryUri"))
		return aws_reply_lacks(operation, "the repository's URI", err);
	shape_text(&ret->uri, node, "repositoryUri");
	shape_text(&ret->arn, node, "repositoryArn");
	shape_text(&ret->registry_id, node, "registryId");
	ret->is_immutable = mutability && strncmp(mutability, "IMMUTABLE", 9) == 0;
	return 0;
}

int ecr_describe_repository(struct aws_client *client, const char *registry_id, const char *name,
			    struct ecr_repository *ret, struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input =
		json_pack("{s:[s], s:s*}", "repositoryNames", name, "registryId", registry_id);

	if (!input)
		return shape_unsendable(&describe_repositories, err);
	if (shape_call(client, &describe_repositories, input, &reply, err) < 0)
		return -1;
	return read_repository(&describe_repositories,
			       json_array_get(json_object_get(reply.json, "repositories"), 0), ret,
			       err);
}

int ecr_create_repository(struct aws_client *client, const char *name, struct ecr_repository *ret,
			  struct error *err)
{
	CLEANUP(aws_reply_release) struct aws_reply reply = AWS_REPLY_INIT;
	json_auto_t *input = json_pack("{s:s}", "repositoryName", name);

	if (!input)
		return shape_unsendable(&create_repository, err);
	if (shape_call(client, &create_repository, input, &reply, err) < 0)
		return -1;
	return read_repository(&create_repository, json_object_get(reply.json, "repository"), ret,
			       err);
}

static void take_images(const json_t *answer, void *ctx)
{
	struct ecr_images *images = ctx;
	const json_t *node, *tag;
	size_t i, j;

	json_array_foreach(json_object_get(answer, "imageDetails"), i, node)
	{
		struct ecr_image *image = mem_grow(&images->items, &images->count, sizeof(*image));

		image->digest = shape_dup(node, "imageDigest");
		image->media_type = shape_dup(node, "imageManifestMediaType");
		image->pushed_ms = shape_time_ms(node, "imagePushedAt");
		json_array_foreach(json_object_get(node, "imageTags"), j, tag)
		{
			if (json_is_string(tag))
				strv_add(&image->tags, json_string_value(tag));
		}
	}
}

int ecr_describe_images(struct aws_client *client, const struct ecr_repository *repository,
			const char *tag, struct ecr_images *ret, struct error *err)
{
	CLEANUP(ecr_images_release) struct ecr_images found = ECR_IMAGES_INIT;
	const char *name = strchr(repository->uri.buf, '/');
	json_auto_t *input = json_pack("{s:s}", "repositoryName", name ? name + 1 : "");
	struct shape_pages pages = { &describe_images, input, "nextToken", take_images, &found };

	if (!input ||
	    (repository->registry_id.len &&
	     json_object_set_new(input, "registryId", json_string(repository->registry_id.buf))))
		return shape_unsendable(&describe_images, err);
	if (tag && json_object_set_new(input, "imageIds", json_pack("[{s:s}]", "imageTag", tag)))
		return shape_unsendable(&describe_images, err);
	if (shape_all_pages(client, &pages, err) < 0)
		return -1;
	ecr_images_release(ret);
	*ret = found;
	found = (struct ecr_images)ECR_IMAGES_INIT;
	return 0;
}
