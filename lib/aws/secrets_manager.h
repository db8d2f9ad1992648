#ifndef AWS_SECRETS_MANAGER_H
#define AWS_SECRETS_MANAGER_H

#include "aws/client.h"
#include "base/secret.h"
#include "base/strv.h"

#include <stdint.h>

/*
 * Secrets Manager, API version 2017-10-17. A secret that does not exist has the code
 * "ResourceNotFoundException". The value of a secret is on the wire and in a struct secret, nowhere
 * else: what JSON readers hold is overwritten when freed (data/json.h).
 */

/* One version of a secret's value. Text as it was stored, or, where is_binary, the bytes. */
struct secrets_value {
	struct str arn;
	struct str name;
	struct str version_id;
	struct secret value;
	bool is_binary;
};

#define SECRETS_VALUE_INIT                                                                         \
	{                                                                                          \
		.arn = STR_INIT, .name = STR_INIT, .version_id = STR_INIT, .value = SECRET_INIT    \
	}

void secrets_value_release(struct secrets_value *value);

/* Reads a secret by name or ARN. version_id, version_stage: NULL for the current one. */
int secrets_get_value(struct aws_client *client, const char *id, const char *version_id,
		      const char *version_stage, struct secrets_value *ret, struct error *err);

/* A secret without its value. Instants are wall-clock milliseconds, 0 where there is none. */
struct secrets_entry {
	struct str arn;
	struct str name;
	struct str description;
	struct str kms_key_id; /* "" for the account's own key */
	int64_t changed_ms;
	int64_t deleted_ms;
};

#define SECRETS_ENTRY_INIT                                                                         \
	{                                                                                          \
		.arn = STR_INIT, .name = STR_INIT, .description = STR_INIT, .kms_key_id = STR_INIT \
	}

struct secrets_list {
	size_t count;
	struct secrets_entry *items;
};

#define SECRETS_LIST_INIT                                                                          \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void secrets_entry_release(struct secrets_entry *entry);
void secrets_list_release(struct secrets_list *list);

int secrets_describe(struct aws_client *client, const char *id, struct secrets_entry *ret,
		     struct error *err);

/* Every secret whose name begins with `prefix` (NULL: every one), every page. */
int secrets_list(struct aws_client *client, const char *prefix, struct secrets_list *ret,
		 struct error *err);

/* A version of a secret and the stages it is in: "AWSCURRENT", "AWSPREVIOUS". */
struct secrets_version {
	char *id;
	char *stages; /* separated by blanks */
	int64_t created_ms;
};

struct secrets_versions {
	size_t count;
	struct secrets_version *items;
};

#define SECRETS_VERSIONS_INIT                                                                      \
	{                                                                                          \
		.count = 0, .items = NULL                                                          \
	}

void secrets_versions_release(struct secrets_versions *list);

/* Every version that is in a stage, every page. */
int secrets_list_versions(struct aws_client *client, const char *id, struct secrets_versions *ret,
			  struct error *err);

/* What CreateSecret is asked for. Borrowed; NULL where there is none. */
struct secrets_create_request {
	const char *name;
	const struct secret *value; /* text */
	const char *description;
	const char *kms_key_id;
	const char *client_token; /* 32 to 64 characters: the id of the version */
	const struct strv *tags;  /* "Key=value" */
};

/* A name that is taken fails with the code "ResourceExistsException". */
int secrets_create(struct aws_client *client, const struct secrets_create_request *request,
		   struct str *ret_arn, struct error *err);

/* Adds a version and makes it the current one. The client token makes a lost reply harmless. */
int secrets_put_value(struct aws_client *client, const char *id, const struct secret *value,
		      const char *client_token, struct str *ret_version_id, struct error *err);

#endif
