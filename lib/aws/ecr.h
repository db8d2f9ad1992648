#ifndef AWS_ECR_H
#define AWS_ECR_H

#include "aws/client.h"
#include "base/secret.h"
#include "base/strv.h"

#include <stdint.h>

/*
 * A way into a registry (ECR GetAuthorizationToken). proxy_endpoint is the registry's URL as ECR
 * gives it; the host in it is the only source of a registry host. The password lives about 12
 * hours.
 */
struct ecr_authorization {
	struct str proxy_endpoint;
	struct str username;
	struct secret password;
	int64_t expires_ms;
};

#define ECR_AUTHORIZATION_INIT                                                                     \
	{                                                                                          \
		.proxy_endpoint = STR_INIT, .username = STR_INIT, .password = SECRET_INIT          \
	}

void ecr_authorization_release(struct ecr_authorization *authorization);

int ecr_get_authorization(struct aws_client *client, struct ecr_authorization *ret,
			  struct error *err);

/* The same for another account's registry; registry_id NULL: the caller's own. */
int ecr_get_authorization_for(struct aws_client *client, const char *registry_id,
			      struct ecr_authorization *ret, struct error *err);

/* A repository (ECR DescribeRepositories). uri: "host/name", without a tag. */
struct ecr_repository {
	struct str uri;
	struct str arn;
	struct str registry_id;
	bool is_immutable;
};

#define ECR_REPOSITORY_INIT                                                                        \
	{                                                                                          \
		.uri = STR_INIT, .arn = STR_INIT, .registry_id = STR_INIT                          \
	}

void ecr_repository_release(struct ecr_repository *repository);

/*
 * Looks a repository up by its name. registry_id: the account that owns it, NULL for the caller's.
 * A repository that does not exist fails with the code "RepositoryNotFoundException".
 */
int ecr_describe_repository(struct aws_client *client, const char *registry_id, const char *name,
			    struct ecr_repository *ret, struct error *err);
int ecr_create_repository(struct aws_client *client, const char *name, struct ecr_repository *ret,
			  struct error *err);

/* An image in a repository, with every tag that points to it. */
struct ecr_image {
	char *digest;	  /* "sha256:..." */
	char *media_type; /* of its manifest, "" where the service sent none */
	struct strv tags;
	int64_t pushed_ms;
};

struct ecr_images {
	size_t count;
	struct ecr_image *items;
};

#define ECR_IMAGES_INIT                                                                            \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void ecr_images_release(struct ecr_images *images);

/*
 * The images of a repository, or the one with a tag (NULL: all), in no order, every page. A tag
 * that does not exist fails with the code "ImageNotFoundException".
 */
int ecr_describe_images(struct aws_client *client, const struct ecr_repository *repository,
			const char *tag, struct ecr_images *ret, struct error *err);

#endif
